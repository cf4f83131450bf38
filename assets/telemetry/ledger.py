"""The ledger: which files were taken in, what became of them, and what the landing zone asks for next.

Belongs here: comparing what is delivered with what was taken in: what is new, changed, gone or missing.
Does not belong here: reading files (`reading.py`), taking them in (`intake.py`), walking folders (`landing.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import duckdb

from assets.sql_files import sql_beside
from assets.telemetry.landing import Delivery

sql = sql_beside(__file__)

TAKEN_IN, REDELIVERED, FAILED = "taken_in", "redelivered", "failed"


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One row of the ledger, as far as planning needs it."""

    path: str
    day: date
    stamp: str
    sha256: str | None
    status: str


@dataclass(frozen=True)
class Plan:
    """What a run has to take in.

    `restate_from`: the first day whose files were changed or removed; it and every later day are taken in anew.
    `deliveries`: by day, in order, the files that the ledger does not know or could not read last time.
    """

    restate_from: date | None = None
    reasons: tuple[str, ...] = ()
    deliveries: dict[date, list[Delivery]] = field(default_factory=dict)


def recorded_files(db: duckdb.DuckDBPyConnection) -> list[RecordedFile]:
    """Every file in the ledger, in order of delivery."""
    return [RecordedFile(*row) for row in db.execute(sql("recorded_files")).fetchall()]


def plan(
    present: Iterable[Delivery],
    recorded: Iterable[RecordedFile],
    *,
    upto: date,
    sha256_of_changed: dict[str, str],
) -> Plan:
    """The next steps that bring the ledger to the landing zone, for delivery days up to and including `upto`.

    `sha256_of_changed`: the present hash of each recorded path whose stamp changed; the same content is no change.
    """
    wanted = {delivery.path: delivery for delivery in present if delivery.day <= upto}
    known = {file.path: file for file in recorded}
    reasons, restated = [], []
    for file in known.values():
        if file.status == FAILED or file.day > upto:
            continue
        if file.path not in wanted:
            reasons.append(f"landing/{file.path} is gone since it was taken in; its day is taken in anew.")
        elif sha256_of_changed.get(file.path, file.sha256) != file.sha256:
            reasons.append(f"landing/{file.path} changed since it was taken in; its day is taken in anew.")
        else:
            continue
        restated.append(file.day)
    if restated:
        return Plan(restate_from=min(restated), reasons=tuple(reasons))
    new: dict[date, list[Delivery]] = {}
    for delivery in sorted(wanted.values()):
        if delivery.path not in known or known[delivery.path].status == FAILED:
            new.setdefault(delivery.day, []).append(delivery)
    return Plan(deliveries=new)


def gone(present: Iterable[Delivery], recorded: Iterable[RecordedFile], *, upto: date) -> list[str]:
    """Paths of files delivered by `upto` that could not be read and are there no longer."""
    there = {delivery.path for delivery in present}
    return [file.path for file in recorded if file.status == FAILED and file.day <= upto and file.path not in there]


def changed_days(present: Iterable[Delivery], recorded: Iterable[RecordedFile], *, upto: date) -> set[date]:
    """Delivery days up to `upto` with a file that the ledger does not know, knows otherwise, or knows and is gone."""
    stamps = {each.path: (each.day, each.stamp) for each in present if each.day <= upto}
    known = {file.path: (file.day, file.stamp) for file in recorded if file.day <= upto}
    return {day for path, (day, stamp) in (stamps | known).items() if stamps.get(path) != known.get(path)}


def gaps(delivery_days: Iterable[date], *, upto: date) -> list[date]:
    """Days without any file between the first delivery day and `upto`, both included."""
    days = {day for day in delivery_days if day <= upto}
    if not days:
        return [upto]
    first = min(days).toordinal()
    return [day for day in map(date.fromordinal, range(first, upto.toordinal() + 1)) if day not in days]
