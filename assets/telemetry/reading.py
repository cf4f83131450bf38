"""Reading delivered records one by one: events, refusals and what is no upgrade into their tables.

Belongs here: the files of providers, and writing what became of single records, whoever read them.
Does not belong here: canonical files (`bulk.py`), which files are read, duplicates and the ledger (`intake.py`), what a record
means (`sources/`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from assets.moments import microseconds
from assets.sql_files import sql_beside
from assets.telemetry.canonical import Event, Refusal
from assets.telemetry.landing import Delivery
from assets.telemetry.lines import Indices
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


def withdraw_file(db: duckdb.DuckDBPyConnection, place: Place) -> None:
    """Take back what was written of a file that cannot be read to its end."""
    for table in ("events", "quarantine", "not_upgrades"):
        db.execute(sql(f"withdraw_{table}"), place.key)


def as_json(record: int, event: Event) -> dict[str, Any]:
    """An event as `sql/insert_events.sql` reads it: moments as microseconds since the epoch."""
    row = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return {**row, "record": record, "time": microseconds(event.time), "observed_at": microseconds(event.observed_at)}


def read_records(db: duckdb.DuckDBPyConnection, place: Place, content: Path) -> Read:
    """Write what the decompressed `content` of a provider's file holds: every record is an event, a refusal or no upgrade."""
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
