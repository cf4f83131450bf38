"""Reading delivered records one by one: events, refusals and what is no upgrade into their tables.

Belongs here: the files of providers, and writing what became of single records, whoever read them.
Does not belong here: canonical files (`bulk.py`), which files are read, duplicates and the ledger (`intake.py`), what a record
means (`sources/`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import orjson

from assets.sql_files import sql_beside
from assets.telemetry.canonical import Event, Refusal
from assets.telemetry.landing import Delivery
from assets.telemetry.lines import Indices
from assets.telemetry.sources import SOURCES, Accepted, NotAnUpgrade, Outcome, Refused, envelopes
from assets.telemetry.sources.privacy import mask_raw

sql = sql_beside(__file__)

# Reasons of records that are no JSON objects, so that names in them may stand in any notation.
_BROKEN = frozenset({"invalid_json", "invalid_yaml", "invalid_utf8", "line_too_long", "not_an_object"})
# Rows, and bytes of the records that they come from, which are held before they are written.
_BATCH_ROWS = 10_000
_EVENTS_AT_ONCE = 250
_BATCH_BYTES = 32 * 1024 * 1024


def _objects(values: Sequence[Any]) -> npt.NDArray[Any]:
    return np.fromiter(values, object, len(values))


# DuckDB guesses the types of objects from some of them, so those that may be numbers of any size or lists go in as text.
_ARRAYS: dict[str, Callable[[Sequence[Any]], npt.NDArray[Any]]] = {
    "node_count": lambda values: _objects([None if value is None else str(value) for value in values]),
    "api_features": lambda values: _objects([None if value is None else orjson.dumps(value).decode() for value in values]),
}


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


def withdraw_file(db: duckdb.DuckDBPyConnection, place: Place) -> None:
    """Take back what was written of a file that cannot be read to its end."""
    for table in ("events", "quarantine", "not_upgrades"):
        db.execute(sql(f"withdraw_{table}"), place.key)


def read_records(db: duckdb.DuckDBPyConnection, place: Place, content: Path) -> Read:
    """Write what the decompressed `content` of a provider's file holds: every record is an event, a refusal or no upgrade."""
    source, day = SOURCES[place.delivery.source], place.delivery.day
    counts = envelopes.Counts()

    def outcomes() -> Iterator[tuple[int, Outcome, bytes]]:
        with content.open("rb") as stream:
            for number, line, raw, value in envelopes.records(stream, name=place.delivery.path, counts=counts):
                match value:
                    case dict():
                        outcome: Outcome = source.interpret(value, delivery_day=day)
                    case Refusal(reason):
                        outcome = Refused(reason)
                    case NotAnUpgrade():
                        outcome = value
                match outcome:
                    case Accepted():
                        yield number, outcome, raw
                    case Refused():
                        yield line, outcome, mask_raw(raw, is_broken=outcome.reason in _BROKEN)
                    case NotAnUpgrade():
                        yield line, outcome, b""

    quarantined, not_an_upgrade = store(db, place, outcomes())
    return Read(
        Counts(
            lines=counts.lines,
            blank=counts.blank,
            records=counts.records,
            quarantined=quarantined,
            not_an_upgrade=not_an_upgrade,
        )
    )


def store(db: duckdb.DuckDBPyConnection, place: Place, outcomes: Iterable[tuple[int, Outcome, bytes]]) -> tuple[int, int]:
    """Write what became of single records; how many were refused, and how many are no upgrade.

    Each comes with its number among the records of the file when it is accepted, else with its line, and with its bytes. They are
    kept of a refused record; of the others they only say how much is held in memory.
    """
    batch = _Batch(db, place)
    refused = not_an_upgrade = 0
    for number, outcome, raw in outcomes:
        match outcome:
            case Accepted():
                batch.add(number, outcome.events)
            case Refused(reason):
                refused += 1
                batch.refusals.append((number, reason, raw))
            case NotAnUpgrade(kind):
                not_an_upgrade += 1
                batch.not_upgrades.append((number, kind))
        batch.held_bytes += len(raw)
        if batch.is_full():
            batch.write()
    batch.write()
    return refused, not_an_upgrade


@dataclass
class _Batch:
    """Rows on their way into the warehouse, a bounded number at a time.

    Events become values in columns a few at a time: Python's garbage collector goes through objects again and again that are held
    for long, but not through their texts and moments.
    """

    db: duckdb.DuckDBPyConnection
    place: Place
    records: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in Event._fields})
    refusals: list[tuple[int, str, bytes]] = field(default_factory=list)
    not_upgrades: list[tuple[int, str]] = field(default_factory=list)
    held_bytes: int = 0

    def add(self, record: int, events: tuple[Event, ...]) -> None:
        """Hold the events of a record."""
        self.events += events
        self.records += (record,) * len(events)
        if len(self.events) >= _EVENTS_AT_ONCE:
            self._unpack()

    def is_full(self) -> bool:
        rows = len(self.records) + len(self.refusals) + len(self.not_upgrades)
        return rows >= _BATCH_ROWS or self.held_bytes >= _BATCH_BYTES

    def write(self) -> None:
        key = self.place.key
        if self.records:
            self._unpack()
            self._write("insert_events", key, record=self.records, **self.columns)
        if self.refusals:
            lines, reasons, raws = zip(*self.refusals, strict=True)
            self._write("insert_quarantine", {**key, "path": self.place.delivery.path}, line=lines, reason=reasons, raw=raws)
        if self.not_upgrades:
            lines, classes = zip(*self.not_upgrades, strict=True)
            self._write("insert_not_upgrades", key, line=lines, **{"class": classes})
        for rows in (self.records, *self.columns.values(), self.refusals, self.not_upgrades):
            rows.clear()
        self.held_bytes = 0

    def _unpack(self) -> None:
        for column, values in zip(self.columns.values(), zip(*self.events, strict=True), strict=False):  # no events, no values
            column += values
        self.events.clear()

    def _write(self, statement: str, values: dict[str, Any], **columns: Sequence[Any]) -> None:
        # The statement finds it by this name. Were it registered, DuckDB would hold it until the transaction ends.
        batch = {name: _ARRAYS.get(name, _objects)(column) for name, column in columns.items()}  # noqa: F841
        self.db.execute(sql(statement), values)
