"""The landing zone: what counts as a delivery, in which order, and what cannot be read as a file."""

import os
import socket
import tempfile
from datetime import date
from pathlib import Path

import pytest

from assets.telemetry.landing import Delivery, LandingError, deliveries

DAY = date(2026, 11, 20)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def put(landing: Path, path: str, content: bytes = b"{}\n") -> Path:
    file = landing / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def found(landing: Path) -> dict[str, str | None]:
    """What is wrong with each delivery, by path, in order of delivery."""
    return {each.path: each.problem for each in deliveries(landing)}


def the_only(landing: Path) -> Delivery:
    [delivery] = deliveries(landing)
    return delivery


def test_no_landing_zone_is_no_delivery(landing):
    assert deliveries(landing) == []


def test_an_empty_landing_zone_and_empty_folders_are_no_delivery(landing):
    (landing / "canonical" / "2026-11-20").mkdir(parents=True)
    (landing / "openshift_clusterversion").mkdir()
    assert deliveries(landing) == []


def test_deliveries_count_by_day_first_and_by_path_then(landing):
    paths = [
        "canonical/2026-11-21/a.ndjson",
        "canonical/2026-11-20/b.ndjson",
        "openshift_clusterversion/2026-11-20/a.ndjson",
        "canonical/2026-11-20/a.ndjson",
        "canonical/2026-11-20/Z.ndjson",
        "canonical/2026-11-20/é.ndjson",
    ]
    for path in paths:
        put(landing, path)
    assert list(found(landing)) == [
        "canonical/2026-11-20/Z.ndjson",
        "canonical/2026-11-20/a.ndjson",
        "canonical/2026-11-20/b.ndjson",
        "canonical/2026-11-20/é.ndjson",
        "openshift_clusterversion/2026-11-20/a.ndjson",
        "canonical/2026-11-21/a.ndjson",
    ]


def test_a_delivery_knows_its_day_source_and_place(landing):
    file = put(landing, "canonical/2026-11-20/a.ndjson")
    delivery = the_only(landing)
    assert (delivery.day, delivery.source, delivery.location, delivery.problem) == (DAY, "canonical", file, None)


@pytest.mark.parametrize("kind", ["json", "ndjson", "jsonl"])
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("stem", ["a", "a b", "a'b\"c", "[a]*?{b}", "a.b", "2026-11-20", "$HOME;", "-rf", "ä\n"])
def test_any_name_with_a_known_suffix_is_accepted(landing, stem, kind, packing):
    put(landing, f"canonical/2026-11-20/{stem}.{kind}{packing}")
    assert the_only(landing).problem is None


@pytest.mark.parametrize("name", ["a.csv", "a", "a.ndjson.bz2", "a.NDJSON", "a.ndjson.gz.part", "ndjson", "a.ndjson~"])
def test_a_name_of_another_kind_is_a_problem_that_says_which_are_accepted(landing, name):
    put(landing, f"canonical/2026-11-20/{name}")
    assert "accepted" not in name
    assert "*.json, *.ndjson or *.jsonl, plain or with .gz or .zst" in (the_only(landing).problem or "")


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["yaml", "yml"])
def test_yaml_is_accepted_of_the_one_source_whose_tools_print_it(landing, kind, packing):
    put(landing, f"openshift_clusterversion/2026-11-20/a.{kind}{packing}")
    put(landing, f"eks_updates/2026-11-20/a.{kind}{packing}")
    put(landing, "openshift_clusterversion/2026-11-20/b.csv")
    assert found(landing) == {
        f"eks_updates/2026-11-20/a.{kind}{packing}": (
            "its name is none of *.json, *.ndjson or *.jsonl, plain or with .gz or .zst. "
            "Rename it, or move it out of the landing zone."
        ),
        f"openshift_clusterversion/2026-11-20/a.{kind}{packing}": None,
        "openshift_clusterversion/2026-11-20/b.csv": (
            "its name is none of *.json, *.ndjson, *.jsonl, *.yaml or *.yml, plain or with .gz or .zst. "
            "Rename it, or move it out of the landing zone."
        ),
    }


@pytest.mark.parametrize(
    "path",
    ["canonical/2026-11-20/.a.ndjson", "canonical/.2026-11-20/a.ndjson", ".tmp/2026-11-20/a.ndjson", "canonical/.DS_Store"],
)
def test_names_that_begin_with_a_dot_are_left_out(landing, path):
    put(landing, path)
    assert deliveries(landing) == []


@pytest.mark.parametrize("path", ["kubernetes/2026-11-20/a.ndjson", "Canonical/2026-11-20/a.ndjson", "a.ndjson"])
def test_a_folder_that_is_no_source_is_an_error_that_names_it_and_the_sources(landing, path):
    put(landing, path)
    with pytest.raises(
        LandingError, match=rf"landing/{path.partition('/')[0]} is not a source; accepted: canonical, .*openshift"
    ):
        deliveries(landing)


def test_a_file_in_the_place_of_a_source_is_an_error(landing):
    put(landing, "canonical")
    with pytest.raises(LandingError, match=r"landing/canonical is a file; accepted: a folder of delivery days"):
        deliveries(landing)


@pytest.mark.parametrize("name", ["20261120", "2026-11-31", "2026-W47-5", "2026-11-20 ", "latest", "٢٠٢٦-11-20", "2026-1-1"])
def test_a_folder_that_is_no_day_is_an_error_that_names_it(landing, name):
    put(landing, f"canonical/{name}/a.ndjson")
    with pytest.raises(
        LandingError, match=rf"landing/canonical/{name} is not a delivery day; accepted: folders named YYYY-MM-DD"
    ):
        deliveries(landing)


def test_a_file_in_the_place_of_a_day_is_an_error(landing):
    put(landing, "canonical/2026-11-20")
    with pytest.raises(LandingError, match="landing/canonical/2026-11-20 is not a delivery day"):
        deliveries(landing)


def test_a_name_that_is_not_utf_8_is_a_problem_and_printable(landing):
    folder = landing / "canonical" / "2026-11-20"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.ndjson")).write_bytes(b"{}\n")
    assert found(landing) == {
        "canonical/2026-11-20/\\xff.ndjson": "its name is not UTF-8; accepted: names in UTF-8. Rename it.",
    }


@pytest.mark.parametrize("folder", ["\udcff", "canonical/\udcff"])
def test_a_folder_whose_name_is_not_utf_8_is_an_error_that_can_be_printed(landing, folder):
    (landing / folder).mkdir(parents=True)
    with pytest.raises(LandingError, match=r"\\xff") as error:
        deliveries(landing)
    assert str(error.value).encode()


class TestWhatIsNoRegularFile:
    """Whoever writes the landing zone is not trusted: only regular files in it are read."""

    @pytest.fixture
    def folder(self, landing):
        folder = landing / "canonical" / "2026-11-20"
        folder.mkdir(parents=True)
        return folder

    def problem(self, landing: Path) -> str:
        problem = the_only(landing).problem
        assert problem is not None
        return problem

    def test_a_link_to_a_file_outside_is_a_problem(self, tmp_path, landing, folder):
        (tmp_path / "secret").write_text("{}")
        (folder / "a.ndjson").symlink_to(tmp_path / "secret")
        assert "leads outside the landing zone or nowhere; accepted: regular files" in self.problem(landing)

    def test_a_link_to_a_neighbour_whose_name_begins_like_the_landing_zone_is_a_problem(self, tmp_path, landing, folder):
        put(tmp_path, "landing-2/secret")
        (folder / "a.ndjson").symlink_to("../../../landing-2/secret")
        assert "leads outside" in self.problem(landing)

    def test_a_link_to_nothing_is_a_problem(self, landing, folder):
        (folder / "a.ndjson").symlink_to("nothing")
        assert "nowhere" in self.problem(landing)

    def test_a_link_that_leads_in_a_circle_is_a_problem(self, landing, folder):
        # Resolving it raised RuntimeError, which ended the run.
        (folder / "a.ndjson").symlink_to("a.ndjson")
        assert "nowhere" in self.problem(landing)

    def test_a_link_to_a_file_in_the_landing_zone_is_that_file(self, landing, folder):
        put(landing, "canonical/2026-11-20/b.ndjson")
        (folder / "a.ndjson").symlink_to("b.ndjson")
        first, second = deliveries(landing)
        assert (first.problem, first.stamp) == (None, second.stamp)

    def test_a_day_that_is_a_link_to_the_outside_is_a_problem_of_the_day(self, tmp_path, landing):
        # Its files were taken in: only the last part of a path was looked at.
        put(tmp_path, "elsewhere/secret.ndjson")
        (landing / "canonical").mkdir(parents=True)
        (landing / "canonical" / "2026-11-20").symlink_to(tmp_path / "elsewhere")
        assert list(found(landing)) == ["canonical/2026-11-20"]
        assert "leads outside" in self.problem(landing)
        assert the_only(landing).day == DAY

    @pytest.mark.parametrize("target", ["nothing", "2026-11-20"], ids=["nothing", "itself"])
    def test_a_day_that_is_a_link_to_nothing_is_a_problem_of_the_day(self, landing, target):
        (landing / "canonical").mkdir(parents=True)
        (landing / "canonical" / "2026-11-20").symlink_to(target)
        assert "nowhere" in self.problem(landing)

    @pytest.mark.parametrize("target", ["..", "nothing", "canonical"], ids=["the outside", "nothing", "itself"])
    def test_a_source_that_is_a_link_to_elsewhere_is_an_error(self, landing, target):
        landing.mkdir()
        (landing / "canonical").symlink_to(target)
        with pytest.raises(LandingError, match=r"landing/canonical is a link that leads outside the landing zone or nowhere"):
            deliveries(landing)

    def test_a_landing_zone_may_itself_be_a_link(self, tmp_path, landing):
        put(tmp_path / "disk", "canonical/2026-11-20/a.ndjson")
        landing.symlink_to(tmp_path / "disk")
        assert found(landing) == {"canonical/2026-11-20/a.ndjson": None}

    def test_a_named_pipe_is_a_problem(self, landing, folder):
        os.mkfifo(folder / "a.ndjson")
        assert self.problem(landing) == "it is a named pipe; accepted: regular files. Remove it."

    def test_a_link_to_a_named_pipe_is_a_problem(self, landing, folder):
        os.mkfifo(folder / ".pipe")
        (folder / "a.ndjson").symlink_to(".pipe")
        assert "named pipe" in self.problem(landing)

    def test_a_folder_is_a_problem(self, landing, folder):
        (folder / "a.ndjson").mkdir()
        assert self.problem(landing) == "it is a folder; accepted: regular files. Remove it."

    def test_a_socket_is_a_problem(self, landing, folder, monkeypatch):
        monkeypatch.chdir(folder)  # the path of a socket has to be short
        with socket.socket(socket.AF_UNIX) as each:
            each.bind("a.ndjson")
            assert "socket" in self.problem(landing)

    def test_a_link_to_a_device_is_a_problem(self, landing, folder):
        (folder / "a.ndjson").symlink_to("/dev/zero")
        assert "leads outside" in self.problem(landing)


class TestWithoutPermission:
    """A folder that may not be read ended the run with a bare PermissionError."""

    @pytest.fixture
    def landing(self):
        """A landing zone of an ordinary user, whom permissions bind: root may do anything."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            if os.geteuid():
                yield Path(folder, "landing")
                return
            os.seteuid(65534)
            try:
                yield Path(folder, "landing")
            finally:
                os.seteuid(0)

    @pytest.mark.parametrize(
        ("path", "mode", "named"),
        [
            pytest.param("canonical/2026-11-20", 0o000, "landing/canonical/2026-11-20", id="a day without any"),
            pytest.param("canonical/2026-11-20", 0o300, "landing/canonical/2026-11-20", id="a day that cannot be listed"),
            pytest.param(
                "canonical/2026-11-20", 0o600, "landing/canonical/2026-11-20/a.ndjson", id="a day that cannot be entered"
            ),
            pytest.param("canonical", 0o000, "landing/canonical", id="a source without any"),
            pytest.param("canonical", 0o600, "landing/canonical/2026-11-20", id="a source that cannot be entered"),
            pytest.param(".", 0o000, "landing", id="the landing zone without any"),
            pytest.param(".", 0o600, "landing/canonical", id="a landing zone that cannot be entered"),
        ],
    )
    def test_a_folder_that_may_not_be_read_is_an_error_that_says_what_to_do(self, landing, path, mode, named):
        put(landing, "canonical/2026-11-20/a.ndjson")
        folder = landing / path
        folder.chmod(mode)
        try:
            with pytest.raises(
                LandingError, match=rf"^{named} is out of reach: .* accepted: .* Grant it \(chmod u\+rx\), or move"
            ):
                deliveries(landing)
        finally:
            folder.chmod(0o700)


def test_a_stamp_changes_whenever_the_file_does(landing):
    file = put(landing, "canonical/2026-11-20/a.ndjson", b"12345")
    stamps = [the_only(landing).stamp]
    file.write_bytes(b"123456")
    stamps.append(the_only(landing).stamp)
    file.write_bytes(b"654321")
    os.utime(file, ns=(0, 0))  # as copying tools that keep old times do
    stamps.append(the_only(landing).stamp)
    replacement = file.with_name(".new")
    replacement.write_bytes(b"123456")
    os.utime(replacement, ns=(0, 0))
    replacement.rename(file)
    stamps.append(the_only(landing).stamp)
    assert len(set(stamps)) == 4
    assert the_only(landing).stamp == stamps[-1]
