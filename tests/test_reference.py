"""The reference folder: what it may hold, and one hash for all of it."""

from pathlib import Path

import pytest

from assets.reference import ReferenceData, ReferenceDataError, load_reference_data

HEAD = "1 problem in the reference data; correct what is named, or take the file away to do without it\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reference"
    folder.mkdir()
    return folder


def test_without_a_folder_or_a_file_there_is_no_reference_data_and_no_hash(tmp_path: Path, folder: Path):
    for empty in (tmp_path / "nowhere", folder):
        loaded = load_reference_data(empty)
        assert (loaded.files, loaded.sha256) == ({}, "")


def test_names_that_begin_with_a_dot_are_left_alone(folder: Path):
    (folder / ".versions.yaml.swp").write_bytes(b"half")
    assert load_reference_data(folder) == ReferenceData()


def test_both_files_are_read_and_hashed(folder: Path):
    (folder / "versions.yaml").write_bytes(b"a")
    (folder / "cves.yaml").write_bytes(b"b")
    loaded = load_reference_data(folder)
    assert loaded.files == {"versions.yaml": b"a", "cves.yaml": b"b"}
    assert len(loaded.sha256) == 64


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"versions.yaml": b"other"}, id="other content"),
        pytest.param({"cves.yaml": b"same"}, id="another name"),
        pytest.param({"versions.yaml": b"same", "cves.yaml": b""}, id="one file more"),
    ],
)
def test_the_hash_is_another_with(other: dict[str, bytes]):
    assert ReferenceData(other).sha256 != ReferenceData({"versions.yaml": b"same"}).sha256


def test_the_hash_does_not_depend_on_the_order_of_the_files():
    files = {"versions.yaml": b"a", "cves.yaml": b"b"}
    assert ReferenceData(files).sha256 == ReferenceData(dict(reversed(files.items()))).sha256


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("version.yaml", "; did you mean versions.yaml?", id="a misspelt name"),
        pytest.param("versions.yml", "; did you mean versions.yaml?", id="another suffix"),
        pytest.param("notes.txt", "", id="something else"),
    ],
)
def test_an_unknown_file_is_named_with_what_is_accepted(folder: Path, name: str, hint: str):
    (folder / name).touch()
    with pytest.raises(ReferenceDataError) as raised:
        load_reference_data(folder)
    assert str(raised.value) == (
        f"{HEAD}reference/{name}:1: file: read a name that no reference data has; "
        f"accepted: a folder of versions.yaml and cves.yaml, both optional{hint}"
    )


def test_what_cannot_be_read_is_named_with_the_reason(folder: Path):
    (folder / "cves.yaml").mkdir()
    with pytest.raises(ReferenceDataError) as raised:
        load_reference_data(folder)
    assert str(raised.value) == (
        f"{HEAD}reference/cves.yaml:1: file: read nothing (Is a directory); accepted: a file that can be read"
    )


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "reference").touch()
    with pytest.raises(ReferenceDataError) as raised:
        load_reference_data(tmp_path / "reference")
    assert str(raised.value) == (
        f"{HEAD}reference:1: file: read a file; accepted: a folder of versions.yaml and cves.yaml, both optional"
    )


def test_every_problem_of_the_folder_is_told_at_once(folder: Path):
    (folder / "a.csv").touch()
    (folder / "b.csv").touch()
    with pytest.raises(
        ReferenceDataError, match=r"^2 problems in the reference data; .*\nreference/a\.csv:.*\nreference/b\.csv:"
    ):
        load_reference_data(folder)
