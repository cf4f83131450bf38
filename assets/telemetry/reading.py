"""Reading one delivered file: its events, its refusals and what is no upgrade into their tables.

Belongs here: the bulk reading of canonical lines in SQL, the strict second look at the few that need it, provider records.
Does not belong here: which files are read, duplicates and the ledger (`intake.py`), what a line or record means (`canonical.py`,
`sources/`), bytes and offsets (`lines.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from assets.moments import end_of, microseconds
from assets.sql_files import sql_beside
from assets.telemetry import canonical
from assets.telemetry.canonical import Event, Refusal
from assets.telemetry.landing import CANONICAL, Delivery
from assets.telemetry.lines import Indices, Lines, read_alongside
from assets.telemetry.sources import SOURCES, Accepted, NotAnUpgrade, Outcome, Refused, envelopes
from assets.telemetry.sources.privacy import mask_raw

sql = sql_beside(__file__)

# Rows, and characters of refused lines, that are held before they are written.
_BATCH_ROWS = 10_000
_BATCH_CHARACTERS = 32 * 1024 * 1024


@dataclass(frozen=True)
class Counts:
    """What the ledger says of a file. Accepted, duplicate and events are known once duplicates are."""

    lines: int = 0
    blank: int = 0
    records: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    not_an_upgrade: int = 0
    events: int = 0


@dataclass(frozen=True)
class Place:
    """Where the rows of a file belong."""

    file_id: int
    delivery: Delivery

    @property
    def key(self) -> dict[str, Any]:
        """What says, in a statement's parameters, which file this is."""
        return {"delivery_day": self.delivery.day, "file_id": self.file_id}


@dataclass(frozen=True)
class Read:
    """What one file came to.

    `superseded`: which of the file's rows, counted from 0, are no events as they stand: lines that were refused or read strictly.
    """

    counts: Counts
    superseded: Indices = field(default_factory=lambda: np.empty(0, np.int64))


def read_file(db: duckdb.DuckDBPyConnection, place: Place, content: Path, scratch: Path) -> Read:
    """Write what the decompressed `content` holds; every record is an event, a refusal or no upgrade afterwards."""
    if place.delivery.source == CANONICAL:
        return _read_canonical(db, place, content, scratch)
    return _read_provider(db, place, content)


def withdraw_file(db: duckdb.DuckDBPyConnection, place: Place) -> None:
    """Take back what was written of a file that cannot be read to its end."""
    for table in ("events", "quarantine", "not_upgrades"):
        db.execute(sql(f"withdraw_{table}"), place.key)


def as_json(record: int, event: Event) -> dict[str, Any]:
    """An event as `sql/insert_events.sql` reads it: moments as microseconds since the epoch."""
    row = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return {**row, "record": record, "time": microseconds(event.time), "observed_at": microseconds(event.observed_at)}


def _read_canonical(db: duckdb.DuckDBPyConnection, place: Place, content: Path, scratch: Path) -> Read:
    found = _read_lines(db, place, content, scratch, as_copy=False)
    if found is None:  # the reader and we disagree on which lines are blank: a copy without any leaves no doubt
        withdraw_file(db, place)
        found = _read_lines(db, place, content, scratch, as_copy=True)
    if found is None:
        raise AssertionError(
            f"landing/{place.delivery.path}: the bulk reader does not make one row per line; accepted: one row per line. "
            "This is a defect of ours: report it with the file, and move the file out of the landing zone to go on without it."
        )
    return found


def _read_lines(db: duckdb.DuckDBPyConnection, place: Place, content: Path, scratch: Path, *, as_copy: bool) -> Read | None:
    """Write the file's lines; None when the rows do not match the lines, so that a row's place does not give its line."""
    day = place.delivery.day
    bounds = {"earliest": canonical.EARLIEST, "latest": end_of(day) + canonical.LATENESS_OF_CLOCKS}
    with read_alongside(content, scratch, as_copy=as_copy) as reading:
        db.execute(sql("insert_lines"), {"path": str(reading.bulk), **place.key, **bounds})
        lines, rowless = reading.lines(), reading.rowless
        [(first_row, rows, span)] = db.execute(sql("rows_of_file"), place.key).fetchall()
        if (rows, span or 0) != (lines.count - len(rowless),) * 2:
            return None
        not_judged = _column(db, "rows_without_identity", first_row=first_row, **place.key)
        second_look = np.union1d(_lines_of_rows(not_judged, rowless), lines.doubtful)
        superseded = _rows_of_lines(np.setdiff1d(second_look, rowless), rowless)
        blank = len(lines.blank)
        quarantined, _ = _store(db, place, _strictly(lines, np.setdiff1d(second_look, lines.blank), rowless, day))
        counts = Counts(lines=lines.count, blank=blank, records=lines.count - blank, quarantined=quarantined)
        return Read(counts, superseded)


def _column(db: duckdb.DuckDBPyConnection, statement: str, **values: Any) -> Indices:
    return np.array([value for (value,) in db.execute(sql(statement), values).fetchall()], np.int64)


def _lines_of_rows(rows: Indices, rowless: Indices) -> Indices:
    """The index of the line of each row, when the lines `rowless` (in order) have none."""
    return rows + np.searchsorted(rowless - np.arange(len(rowless)), rows, side="right")


def _rows_of_lines(lines: Indices, rowless: Indices) -> Indices:
    """The row of each line; the inverse of `_lines_of_rows`."""
    return lines - np.searchsorted(rowless, lines)


def _strictly(lines: Lines, indices: Indices, rowless: Indices, day: date) -> Iterator[tuple[int, Outcome, bytes]]:
    """What each line is: an event in the order of the rows that were read in bulk, or a refusal at its line."""
    for index, row in zip(indices.tolist(), _rows_of_lines(indices, rowless).tolist(), strict=True):
        outcome = canonical.read_line(lines.line(index), delivery_day=day)
        if isinstance(outcome, Event):
            yield row + 1, Accepted((outcome,)), b""
        else:
            yield index + 1, Refused(outcome.reason), lines.kept(index)


def _read_provider(db: duckdb.DuckDBPyConnection, place: Place, content: Path) -> Read:
    source = SOURCES[place.delivery.source]
    counts = envelopes.Counts()

    def outcomes() -> Iterator[tuple[int, Outcome, bytes]]:
        with content.open("rb") as stream:
            for record in envelopes.records(stream, name=place.delivery.path, counts=counts):
                if isinstance(record.value, Refusal):
                    outcome: Outcome = Refused(record.value.reason)
                else:
                    outcome = source.interpret(record.value, delivery_day=place.delivery.day)
                yield record.number, outcome, mask_raw(record.raw) if isinstance(outcome, Refused) else b""

    quarantined, not_an_upgrade = _store(db, place, outcomes())
    return Read(
        Counts(
            lines=counts.lines,
            blank=counts.blank,
            records=counts.records,
            quarantined=quarantined,
            not_an_upgrade=not_an_upgrade,
        )
    )


def _store(db: duckdb.DuckDBPyConnection, place: Place, outcomes: Iterable[tuple[int, Outcome, bytes]]) -> tuple[int, int]:
    """Write what became of single records; how many were refused, and how many are no upgrade."""
    batch = _Batch(db, place)
    refused = not_an_upgrade = 0
    for number, outcome, raw in outcomes:
        match outcome:
            case Accepted(events):
                batch.events += [as_json(number, event) for event in events]
            case Refused(reason):
                refused += 1
                batch.refuse(number, reason, raw)
            case NotAnUpgrade(kind):
                not_an_upgrade += 1
                batch.not_upgrades.append({"line": number, "class": kind})
        if batch.is_full():
            batch.write()
    batch.write()
    return refused, not_an_upgrade


@dataclass
class _Batch:
    """Rows on their way into the warehouse, a bounded number at a time."""

    db: duckdb.DuckDBPyConnection
    place: Place
    events: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    not_upgrades: list[dict[str, Any]] = field(default_factory=list)
    refused_characters: int = 0

    def refuse(self, line: int, reason: str, raw: bytes) -> None:
        self.refusals.append({"line": line, "reason": reason, "raw": raw.hex()})
        self.refused_characters += 2 * len(raw)

    def is_full(self) -> bool:
        rows = len(self.events) + len(self.refusals) + len(self.not_upgrades)
        return rows >= _BATCH_ROWS or self.refused_characters >= _BATCH_CHARACTERS

    def write(self) -> None:
        key = self.place.key
        self._execute("insert_events", "events", self.events, **key)
        self._execute("insert_quarantine", "refusals", self.refusals, path=self.place.delivery.path, **key)
        self._execute("insert_not_upgrades", "records", self.not_upgrades, **key)
        self.refused_characters = 0

    def _execute(self, statement: str, parameter: str, rows: list[dict[str, Any]], **values: object) -> None:
        if rows:
            self.db.execute(sql(statement), {parameter: orjson.dumps(rows).decode(), **values})
            rows.clear()
