"""The basis: one hash that is another whenever anything that a report rests on is another, and only then."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assets.reports.basis import Basis, basis_of, code_version, inputs_sha256
from tests.data.whole_home import WholeHome, new_home

FIRST, LAST = date(2026, 11, 18), date(2026, 11, 19)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    """Two ordinary days, every table as of the second. Not to be changed."""
    home = new_home(tmp_path_factory.mktemp("original") / "home")
    home.deliver_ordinary_days(FIRST, 2)
    home.bring_to(LAST)
    return home


@pytest.fixture
def whole(original: WholeHome, tmp_path: Path) -> WholeHome:
    return original.copy(tmp_path / "home")


def inputs(home: WholeHome, day: date) -> str:
    with home.warehouse.transaction() as db:
        return inputs_sha256(db, day)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("INSERT INTO telemetry.files SELECT * REPLACE (path || '2' AS path) FROM telemetry.files", id="a new file"),
        pytest.param("UPDATE telemetry.files SET sha256 = 'other'", id="other content"),
        pytest.param("UPDATE telemetry.files SET path = path || 'x'", id="another name"),
        pytest.param("UPDATE telemetry.files SET status = 'failed'", id="a file that can no longer be read"),
        pytest.param("DELETE FROM telemetry.files WHERE delivery_day = DATE '2026-11-18'", id="a file that is gone"),
    ],
)
def test_the_inputs_hash_moves_with(whole: WholeHome, statement: str):
    before = inputs(whole, FIRST)
    with whole.warehouse.transaction() as db:
        db.execute(statement)
    assert inputs(whole, FIRST) != before


def test_the_inputs_of_a_day_are_the_files_delivered_by_then(whole: WholeHome):
    before = inputs(whole, FIRST)
    assert inputs(whole, LAST) != before
    whole.deliver(date(2026, 11, 20))
    whole.bring_to(date(2026, 11, 20))
    assert inputs(whole, FIRST) == before


def test_a_file_that_was_only_touched_is_the_same_input(whole: WholeHome):
    before = inputs(whole, LAST)
    (whole.home.landing / "canonical" / "2026-11-18" / "part-0.ndjson").touch()
    whole.bring_to(LAST)
    assert inputs(whole, LAST) == before


@pytest.mark.parametrize("part", ["inputs_sha256", "objectives_sha256", "inventory_sha256", "code_version"])
def test_the_basis_is_another_when_one_of_its_parts_is(part: str):
    basis = Basis("a", "b", "c", "d")
    assert replace(basis, **{part: "x"}).sha256 != basis.sha256


def test_reference_data_is_shown_beside_the_figures_and_is_not_in_what_they_rest_on():
    assert Basis("a", "b", "c", "d", "reference").sha256 == Basis("a", "b", "c", "d").sha256


def test_parts_cannot_run_into_each_other():
    assert Basis("ab", "c", "d", "e").sha256 != Basis("a", "bc", "d", "e").sha256


def test_the_basis_of_a_day_has_the_hashes_it_is_given_and_the_present_code(whole: WholeHome):
    with whole.warehouse.transaction() as db:
        basis = basis_of(db, day=LAST, objectives_sha256="objectives", inventory_sha256="inventory", reference_sha256="reference")
        assert basis == Basis(inputs_sha256(db, LAST), "objectives", "inventory", code_version(), "reference")


def test_the_code_version_is_the_package_version_with_a_hash_of_its_files():
    assert re.fullmatch(r"\d+(\.\d+)*\+[0-9a-f]{8}", code_version())
