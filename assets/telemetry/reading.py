"""Reading one delivered file: its events into the staging table, its refusals and what is no upgrade into theirs.

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
from assets.telemetry.lines import Indices, Lines, lines_of
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


def read_file(db: duckdb.DuckDBPyConnection, place: Place, content: Path, scratch: Path) -> Counts:
    """Write what the decompressed `content` holds; every record is an event, a refusal or no upgrade afterwards."""
    if place.delivery.source == CANONICAL:
        return _read_canonical(db, place, content, scratch)
    return _read_provider(db, place, content)


def withdraw_file(db: duckdb.DuckDBPyConnection, place: Place) -> None:
    """Take back what was written of a file that cannot be read to its end."""
    db.execute(sql("withdraw_staging"), {"file_id": place.file_id})
    for table in ("quarantine", "not_upgrades"):
        db.execute(sql(f"withdraw_{table}"), place.key)


def as_json(line: int, event: Event) -> dict[str, Any]:
    """An event as `sql/stage_events.sql` reads it: moments as microseconds since the epoch."""
    row = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return {**row, "line": line, "time": microseconds(event.time), "observed_at": microseconds(event.observed_at)}


def _read_canonical(db: duckdb.DuckDBPyConnection, place: Place, content: Path, scratch: Path) -> Counts:
    day = place.delivery.day
    with lines_of(content, scratch) as lines:
        blank = len(lines.blank)
        if lines.count == blank:
            return Counts(lines=lines.count, blank=blank)
        bounds = {"earliest": canonical.EARLIEST, "latest": end_of(day) + canonical.LATENESS_OF_CLOCKS}
        db.execute(sql("stage_canonical_lines"), {"path": str(lines.bulk), "file_id": place.file_id, **bounds})
        [(first_row, rows, span)] = db.execute(sql("staged_span"), {"file_id": place.file_id}).fetchall()
        if (rows, span) != (lines.count, lines.count):  # a row's place gives its line
            raise AssertionError(
                f"landing/{place.delivery.path} has {lines.count} lines, but the bulk reader made {rows} rows spanning {span}; "
                "accepted: one row per line. This is a defect of ours: report it with the file, and move the file out of the "
                "landing zone to go on without it."
            )
        _place_rows(db, place, first_row)
        values = {"file_id": place.file_id, "first_row": first_row}
        not_judged = db.execute(sql("lines_not_judged"), values).fetchall()
        second_look = np.union1d(np.array([line - 1 for (line,) in not_judged], np.int64), lines.doubtful)
        db.execute(sql("exclude_rows"), {"row_ids": (second_look + first_row).tolist()})
        quarantined, _ = _store(db, place, _strictly(lines, np.setdiff1d(second_look, lines.blank), day))
        return Counts(lines=lines.count, blank=blank, records=lines.count - blank, quarantined=quarantined)


def _place_rows(db: duckdb.DuckDBPyConnection, place: Place, first_row: int) -> None:
    db.execute("INSERT INTO new_files VALUES (?, ?, ?)", [place.file_id, place.delivery.path, first_row])


def _strictly(lines: Lines, indices: Indices, day: date) -> Iterator[tuple[int, Outcome, bytes]]:
    for index in indices:
        outcome = canonical.read_line(lines.line(index), delivery_day=day)
        if isinstance(outcome, Event):
            yield int(index) + 1, Accepted((outcome,)), b""
        else:
            yield int(index) + 1, Refused(outcome.reason), lines.kept(index)


def _read_provider(db: duckdb.DuckDBPyConnection, place: Place, content: Path) -> Counts:
    _place_rows(db, place, first_row=0)  # each event says its record's number itself
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
    return Counts(
        lines=counts.lines,
        blank=counts.blank,
        records=counts.records,
        quarantined=quarantined,
        not_an_upgrade=not_an_upgrade,
    )


def _store(db: duckdb.DuckDBPyConnection, place: Place, outcomes: Iterable[tuple[int, Outcome, bytes]]) -> tuple[int, int]:
    """Write what became of single records; how many were refused, and how many are no upgrade."""
    batch = _Batch(db, place)
    refused = not_an_upgrade = 0
    for line, outcome, raw in outcomes:
        match outcome:
            case Accepted(events):
                batch.events += [as_json(line, event) for event in events]
            case Refused(reason):
                refused += 1
                batch.refuse(line, reason, raw)
            case NotAnUpgrade(kind):
                not_an_upgrade += 1
                batch.not_upgrades.append({"line": line, "class": kind})
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
        self._execute("stage_events", "events", self.events, file_id=self.place.file_id)
        self._execute("insert_quarantine", "refusals", self.refusals, path=self.place.delivery.path, **key)
        self._execute("insert_not_upgrades", "records", self.not_upgrades, **key)
        self.refused_characters = 0

    def _execute(self, statement: str, parameter: str, rows: list[dict[str, Any]], **values: object) -> None:
        if rows:
            self.db.execute(sql(statement), {parameter: orjson.dumps(rows).decode(), **values})
            rows.clear()
