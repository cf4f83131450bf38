"""Lists of deliveries: shared by the reports of a month, and enough to say which files one report saw and another did not."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.reports.deliveries import FOLDER, SCHEMA, changes, keep, sweep

OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 1)


def files(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """(name, day, content, events), the status `taken_in` unless a fifth value says otherwise."""
    full = [
        (f"canonical/{day}/{name}", day, sha256, *(rest or ("taken_in",)), events) for name, day, sha256, events, *rest in rows
    ]
    return pl.DataFrame(full, schema=SCHEMA, orient="row")


def changed(folder: Path, before: pl.DataFrame, after: pl.DataFrame) -> list[tuple[Any, ...]]:
    found = changes(folder, keep(folder, before), keep(folder, after))
    assert found is not None
    return [(Path(path).name, day, *rest) for path, day, *rest in found.iter_rows()]


def test_a_report_of_the_next_month_shares_the_list_of_the_last(tmp_path: Path):
    first = keep(tmp_path, files(("a", OCTOBER, "1", 4)))
    written = (tmp_path / FOLDER / first[0]).stat()
    second = keep(tmp_path, files(("a", OCTOBER, "1", 4), ("b", NOVEMBER, "2", 4)))
    assert [name[:8] for name in second] == ["2026-10.", "2026-11."]
    assert second[0] == first[0]
    assert (tmp_path / FOLDER / first[0]).stat() == written
    assert sorted(each.name for each in (tmp_path / FOLDER).iterdir()) == second


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("b", OCTOBER, "1", 4), id="name"),
        pytest.param(("a", OCTOBER, "2", 4), id="content"),
        pytest.param(("a", OCTOBER, "1", 4, "redelivered"), id="status"),
        pytest.param(("a", OCTOBER, "1", 3), id="events, of which an earlier file may have brought some"),
    ],
)
def test_a_list_is_named_by_each_files(tmp_path: Path, other: tuple[Any, ...]):
    assert keep(tmp_path, files(("a", OCTOBER, "1", 4))) != keep(tmp_path, files(other))


def test_the_files_that_are_new_changed_or_gone_are_told_in_order_of_delivery(tmp_path: Path):
    before = files(("same", OCTOBER, "1", 4), ("gone", OCTOBER, "2", 6), ("changed", NOVEMBER, "3", 8))
    after = files(("same", OCTOBER, "1", 4), ("changed", NOVEMBER, "4", 10), ("new", NOVEMBER, "5", 2))
    assert changed(tmp_path, before, after) == [
        ("gone", OCTOBER, "gone", 6, None),
        ("changed", NOVEMBER, "changed", 8, 10),
        ("new", NOVEMBER, "new", None, 2),
    ]


def test_a_file_whose_bytes_were_delivered_before_adds_nothing_and_is_told_apart(tmp_path: Path):
    before = files(("original", NOVEMBER, "1", 4), ("again", NOVEMBER, "2", 0, "redelivered"))
    after = files(
        ("earlier", OCTOBER, "1", 4),
        ("original", NOVEMBER, "1", 0, "redelivered"), ("again", NOVEMBER, "2", 6), ("more", NOVEMBER, "1", 0, "redelivered"),
    )  # fmt: skip
    assert changed(tmp_path, before, after) == [
        ("earlier", OCTOBER, "new", None, 4),
        ("again", NOVEMBER, "no re-delivery any more", 0, 6),
        ("more", NOVEMBER, "delivered again", None, 0),
        ("original", NOVEMBER, "now a re-delivery", 4, 0),
    ]


def test_reports_that_see_the_same_files_differ_in_none(tmp_path: Path):
    same = files(("a", OCTOBER, "1", 4), ("b", NOVEMBER, "2", 4))
    assert changed(tmp_path, same, same) == []
    assert changed(tmp_path, same, files(("a", OCTOBER, "1", 4), ("b", NOVEMBER, "2", 1))) == []
    assert changed(tmp_path, files(), files()) == []


def test_what_an_earlier_version_did_not_record_or_somebody_removed_is_not_guessed(tmp_path: Path):
    names = keep(tmp_path, files(("a", OCTOBER, "1", 4)))
    assert changes(tmp_path, None, names) is None
    assert changes(tmp_path, ["2026-10.0123456789abcdef.parquet"], names) is None


def test_a_name_may_hold_what_separates_names(tmp_path: Path):
    one = files(("a\n\x1f, b", OCTOBER, "1", 4))
    assert changed(tmp_path, one, files(("a", OCTOBER, "1", 4), ("b", OCTOBER, "1", 4)))[0][2:] == ("new", None, 4)
    assert changed(tmp_path, one, one) == []


def test_half_written_lists_are_removed(tmp_path: Path):
    names = keep(tmp_path, files(("a", OCTOBER, "1", 4)))
    (tmp_path / FOLDER / ".2026-11.0123456789abcdef.parquet.new").write_bytes(b"half a list")
    sweep(tmp_path)
    assert [each.name for each in (tmp_path / FOLDER).iterdir()] == names
