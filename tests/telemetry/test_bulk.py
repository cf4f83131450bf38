"""Which row is which line, and the second way of reading when the first leaves doubt about that."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.telemetry import bulk
from assets.telemetry.bulk import _lines_of_rows, _rows_of_lines
from assets.telemetry.lines import Reading

DAY = date(2026, 11, 20)
GOOD = (
    '{{"specversion":"1.0","id":"{id}","source":"/fleet","type":"dev.upgradeslo.operation.started","time":"2026-11-01T08:15:30Z",'
    '"data":{{"operation_id":"op-{id}","cluster_id":"c-1","scope":"addon"{more}}}}}'
)


def event(identity: str, more: str = "") -> bytes:
    return GOOD.format(id=identity, more=more).encode()


# Blank lines, lines that only DuckDB holds for blank, refused ones, a duplicate, and some that are read strictly.
CONTENT = b"\n".join(
    [
        b"\xef\xbb\xbf", event("a"), b"", event("b") + b"\r", b"\x0b", b" \t", event("c", ',"region":1'), b"no json",
        event("d", ',"x":[ ]'), b"\x0c \r", event("a"), b"{}", b"", event("e", ',"node_count":7'), b"\t",
    ]
)  # fmt: skip


@pytest.fixture
def ways(monkeypatch) -> list[bool]:
    """For each reading of a file: whether it was of a copy."""
    taken = []
    read = bulk._read

    def noted(*place, as_copy: bool):
        taken.append(as_copy)
        return read(*place, as_copy=as_copy)

    monkeypatch.setattr(bulk, "_read", noted)
    return taken


def taken_in(zone) -> dict:
    place = zone.place(DAY, "a.ndjson")
    place.write_bytes(CONTENT)
    zone.take_in(DAY)
    return {**zone.state(), "files": zone.ledger()}


def misjudge(monkeypatch, judge) -> None:
    """Let the lines that get no row be others than those which DuckDB skips, unless it reads a copy."""
    true = Reading.rowless.fget
    monkeypatch.setattr(
        Reading, "rowless", property(lambda self: true(self) if self.is_copy else np.array(judge(true(self)), np.int64))
    )


def test_a_file_is_read_once_where_it_is(zone, ways):
    taken_in(zone)
    assert ways == [False]
    assert zone.counts(f"canonical/{DAY}/a.ndjson") == {
        "lines": 15, "blank": 5, "records": 10, "accepted": 4, "duplicate": 1, "quarantined": 5,
    }  # fmt: skip
    assert [row.event.id for row in zone.events()] == ["a", "b", "d", "e"]
    assert [line for _, line, *_ in zone.quarantine()] == [5, 7, 8, 10, 12]


@pytest.mark.parametrize(
    "judge",
    [
        pytest.param(lambda _rowless: [], id="lines without a row that are held to have one"),
        pytest.param(lambda rowless: rowless[:-1], id="one of them"),
        pytest.param(lambda rowless: [*rowless, 13], id="a line with a row that is held to have none"),
    ],
)
def test_when_rows_do_not_match_lines_a_copy_is_read_and_comes_to_the_same(new_zone, monkeypatch, ways, judge):
    expected = taken_in(new_zone())
    misjudge(monkeypatch, judge)
    zone = new_zone()
    ways.clear()
    assert taken_in(zone) == expected
    assert ways == [False, True]
    assert zone.query("SELECT count(*), count(DISTINCT identity) FROM telemetry.events") == [(4, 4)]
    assert zone.query("FROM telemetry.unfinished") == []


def test_when_no_way_gives_a_row_per_line_the_message_says_what_to_do(zone, monkeypatch):
    monkeypatch.setattr(Reading, "rowless", property(lambda _self: np.array([0, 1], np.int64)))
    with pytest.raises(
        AssertionError, match=r"landing/canonical/2026-11-20/a\.ndjson: .* accepted: one row per line\. .* move it out"
    ):
        taken_in(zone)
    assert zone.query("SELECT count(*) FROM telemetry.events") == [(0,)]


@given(st.lists(st.booleans()))
def test_rows_are_the_lines_that_have_one_counted_from_nought(has_row):
    rowless = np.array([line for line, has in enumerate(has_row) if not has], np.int64)
    lines = [line for line, has in enumerate(has_row) if has]
    rows = np.arange(len(lines))
    assert _lines_of_rows(rows, rowless).tolist() == lines
    assert _rows_of_lines(np.array(lines, np.int64), rowless).tolist() == rows.tolist()


@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 100)))
def test_lines_of_rows_and_rows_of_lines_undo_each_other(rowless, rows):
    without, some = np.array(sorted(rowless), np.int64), np.array(sorted(rows), np.int64)
    lines = _lines_of_rows(some, without)
    assert set(lines.tolist()).isdisjoint(rowless)
    assert _rows_of_lines(lines, without).tolist() == some.tolist()
