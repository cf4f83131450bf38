"""Taking in deliveries: every line becomes an event, a duplicate, a quarantined line or a blank one, and the ledger says which.

Belongs here: the bulk reading of canonical lines in SQL, the strict second look at the few that need it, de-duplication, and
one transaction per delivery day, so that an interrupted run goes on where it stopped.
Does not belong here: what a line means (`assets/telemetry/canonical.py`, `assets/telemetry/sources/`), bytes and offsets
(`assets/telemetry/lines.py`), which files are due (`assets/telemetry/ledger.py`).
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from assets.sql_files import sql_beside
from assets.telemetry import canonical, ledger
from assets.telemetry.canonical import Event, Refusal
from assets.telemetry.landing import CANONICAL, Delivery, deliveries
from assets.telemetry.lines import Indices, Lines, UnreadableFile, expanded, lines_of, sha256_of
from assets.telemetry.sources import SOURCES, Accepted, NotAnUpgrade, Outcome, Refused, envelopes
from assets.telemetry.sources.privacy import mask_raw

sql = sql_beside(__file__)

TABLES = ("files", "events", "quarantine", "not_upgrades", "touched", "inventory", "inventory_version")
_MACROS = ("macro_text", "macro_is_not_text", "macro_moment")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere
_BATCH = 10_000

Transaction = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


@dataclass(frozen=True)
class Intake:
    """What one run took in: the days whose files it read, and what it has to say about the landing zone."""

    days: tuple[date, ...]
    files: int
    restated: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class _Counts:
    lines: int = 0
    blank: int = 0
    records: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    not_an_upgrade: int = 0
    events: int = 0


class _DeliveredEarlier(Exception):
    """Something of this day was taken in before from a later delivery; the first delivery has to count."""

    def __init__(self, delivery: str) -> None:
        super().__init__(f"landing/{delivery} holds what was taken in from a later delivery; its day is taken in anew.")


def take_in(
    transaction: Transaction,
    landing: Path,
    *,
    upto: date,
    scratch: Path,
    progress: Callable[[date, int, int], None] = lambda _day, _done, _due: None,
) -> Intake:
    """Bring events, quarantine and ledger to what `landing` holds for delivery days up to and including `upto`.

    Each day is one transaction. `progress` hears the day, the days done and the days due.

    Raises:
        LandingError: when the landing zone holds a folder that is no source or no day.
    """
    present = deliveries(landing)
    restated: list[str] = []
    days: list[date] = []
    files = 0
    with transaction() as db:
        db.execute(sql("forget_failed"), {"upto": upto})
    while True:
        due = _due(transaction, present, upto=upto)
        if due.restate_from is not None:
            restated += due.reasons
            _forget_from(transaction, due.restate_from)
            continue
        for number, (day, delivered) in enumerate(due.deliveries.items()):
            progress(day, number, len(due.deliveries))
            try:
                with transaction() as db:
                    _take_in_day(db, day, delivered, scratch)
            except _DeliveredEarlier as earlier:
                restated.append(str(earlier))
                _forget_from(transaction, day)
                break
            days.append(day)
            files += len(delivered)
        else:
            break
    with transaction() as db:
        failed = [f"landing/{path}: {error}" for path, error in db.execute(sql("failed_files")).fetchall()]
    return Intake(days=tuple(dict.fromkeys(days)), files=files, restated=tuple(restated), failed=tuple(failed))


def _due(transaction: Transaction, present: list[Delivery], *, upto: date) -> ledger.Plan:
    with transaction() as db:
        recorded = ledger.recorded_files(db)
        stamps = {file.path: file.stamp for file in recorded if file.status != ledger.FAILED}
        changed = [each for each in present if stamps.get(each.path, each.stamp) != each.stamp and each.day <= upto]
        hashes = {each.path: _hash_or_problem(each) for each in changed}
        contents = {file.path: file.sha256 for file in recorded}
        for each in changed:
            if hashes[each.path] == contents[each.path]:
                db.execute(sql("update_stamp"), {"path": each.path, "stamp": each.stamp})
    return ledger.plan(present, recorded, upto=upto, sha256_of_changed=hashes)


def _hash_or_problem(delivery: Delivery) -> str:
    try:
        return delivery.problem or sha256_of(delivery.location)
    except OSError as problem:
        return str(problem)


def _forget_from(transaction: Transaction, day: date) -> None:
    """Take back every delivery from `day` on; the plan then asks for them again, in order."""
    with transaction() as db:
        db.execute(sql("insert_touched"), {"delivery_day": day, "and_later": True})
        for table in ("events", "quarantine", "not_upgrades", "files"):
            db.execute(sql(f"forget_{table}"), {"delivery_day": day})


def _take_in_day(db: duckdb.DuckDBPyConnection, day: date, delivered: list[Delivery], scratch: Path) -> None:
    _begin_staging(db)
    [(last_id,)] = db.execute("SELECT coalesce(max(file_id), 0) FROM telemetry.files").fetchall()
    staged: list[_Staged] = []
    seen: dict[str, str] = {}
    for file_id, delivery in enumerate(delivered, start=last_id + 1):
        file = _Staged(file_id, delivery)
        staged.append(file)
        try:
            _stage(db, file, day, seen, scratch)
        except UnreadableFile as problem:
            file.fail(str(problem))
        except OSError as problem:
            file.fail(f"it cannot be read ({problem.strerror or problem}). Mend it, or move it out of the landing zone.")
    _exclude_duplicates(db, day)
    events_of = {row[0]: row[1:] for row in db.execute(sql("staged_records")).fetchall()}
    db.execute(sql("insert_events"), {"delivery_day": day})
    for file in staged:
        accepted, duplicate, events = events_of.get(file.file_id, (0, 0, 0))
        file.counts = replace(file.counts, accepted=accepted, duplicate=duplicate, events=events)
        db.execute(sql("insert_file"), file.row())
    db.execute(sql("insert_touched"), {"delivery_day": day, "and_later": False})


def _begin_staging(db: duckdb.DuckDBPyConnection) -> None:
    for macro in _MACROS:
        db.execute(sql(macro))
    for table in ("create_staging", "create_staged_files", "create_excluded", "create_candidates"):
        db.execute(sql(table))


@dataclass
class _Staged:
    """One file of the day at hand: what is known of it so far."""

    file_id: int
    delivery: Delivery
    sha256: str | None = None
    status: str = ledger.TAKEN_IN
    error: str | None = None
    counts: _Counts = field(default_factory=_Counts)
    first_row: int = 0

    def fail(self, error: str) -> None:
        self.status, self.error, self.counts = ledger.FAILED, error, _Counts()

    def row(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "path": self.delivery.path,
            "source": self.delivery.source,
            "delivery_day": self.delivery.day,
            "stamp": self.delivery.stamp,
            "sha256": self.sha256,
            "bytes": int(self.delivery.stamp.split(":")[0]),
            "status": self.status,
            "error": self.error,
            **{name: getattr(self.counts, name) for name in _Counts.__dataclass_fields__},
        }


def _stage(db: duckdb.DuckDBPyConnection, file: _Staged, day: date, seen: dict[str, str], scratch: Path) -> None:
    delivery = file.delivery
    if delivery.problem is not None:
        raise UnreadableFile(delivery.problem)
    file.sha256 = sha256_of(delivery.location)
    earlier = db.execute(sql("known_content"), {"sha256": file.sha256}).fetchall()
    if any((known_day, known_path) > (day, delivery.path) for known_day, known_path in earlier):
        raise _DeliveredEarlier(delivery.path)
    if earlier or file.sha256 in seen:
        file.status = ledger.REDELIVERED
        return
    with _folder(scratch) as folder, expanded(delivery.location, folder) as content:
        stage = _stage_canonical if delivery.source == CANONICAL else _stage_provider
        file.counts = stage(db, file, content, folder)
    db.execute("INSERT INTO staged_files VALUES (?, ?, ?)", [file.file_id, delivery.path, file.first_row])
    seen[file.sha256] = delivery.path


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    """An empty folder for the file at hand; what a killed run left there goes first."""
    folder = scratch / "intake"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stage_canonical(db: duckdb.DuckDBPyConnection, file: _Staged, content: Path, folder: Path) -> _Counts:
    day = file.delivery.day
    with lines_of(content, folder) as lines:
        if lines.count == len(lines.blank):
            return _Counts(lines=lines.count, blank=lines.count)
        day_end = datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001
        db.execute(
            sql("stage_canonical_lines"),
            {
                "path": str(lines.bulk),
                "file_id": file.file_id,
                "earliest": canonical.EARLIEST,
                "latest": day_end + canonical.LATENESS_OF_CLOCKS,
            },
        )
        # Rows keep the order of the lines, so that a row's place in its file gives its line.
        [(first_row, rows, span)] = db.execute(sql("staged_span"), {"file_id": file.file_id}).fetchall()
        if (rows, span) != (lines.count, lines.count):
            raise AssertionError(
                f"landing/{file.delivery.path} has {lines.count} lines, but the bulk reader made {rows} rows spanning {span}"
            )
        file.first_row = first_row
        not_plain = db.execute(sql("not_plain_rows"), {"file_id": file.file_id, "first_row": first_row}).fetchnumpy()
        second_look = np.union1d(np.asarray(next(iter(not_plain.values())), np.int64), lines.doubtful)
        db.execute(sql("exclude_rows"), {"row_ids": (second_look + first_row).tolist()})
        quarantined, _ = _store(db, file, _strictly(lines, np.setdiff1d(second_look, lines.blank), day))
        blank = len(lines.blank)
        return _Counts(lines=lines.count, blank=blank, records=lines.count - blank, quarantined=quarantined)


def _strictly(lines: Lines, indices: Indices, day: date) -> Iterator[tuple[int, Outcome, bytes]]:
    for index in indices:
        outcome = canonical.read_line(lines.line(index), delivery_day=day)
        if isinstance(outcome, Event):
            yield int(index) + 1, Accepted((outcome,)), b""
        else:
            yield int(index) + 1, Refused(outcome.reason), lines.kept(index)


def _stage_provider(db: duckdb.DuckDBPyConnection, file: _Staged, content: Path, _folder: Path) -> _Counts:
    source = SOURCES[file.delivery.source]
    counts = envelopes.Counts()

    def outcomes() -> Iterator[tuple[int, Outcome, bytes]]:
        with content.open("rb") as stream:
            for record in envelopes.records(stream, name=file.delivery.path, counts=counts):
                if isinstance(record.value, Refusal):
                    outcome: Outcome = Refused(record.value.reason)
                else:
                    outcome = source.interpret(record.value, delivery_day=file.delivery.day)
                yield record.number, outcome, mask_raw(record.raw) if isinstance(outcome, Refused) else b""

    quarantined, not_an_upgrade = _store(db, file, outcomes())
    return _Counts(
        lines=counts.lines,
        blank=counts.blank,
        records=counts.records,
        quarantined=quarantined,
        not_an_upgrade=not_an_upgrade,
    )


def _store(db: duckdb.DuckDBPyConnection, file: _Staged, outcomes: Iterable[tuple[int, Outcome, bytes]]) -> tuple[int, int]:
    """Stage the events of single records and store the rest; how many were refused, and how many are no upgrade."""
    batch = _Batch(db, file)
    refused = not_an_upgrade = 0
    for line, outcome, raw in outcomes:
        match outcome:
            case Accepted(events):
                batch.events += [as_json(line, event) for event in events]
            case Refused(reason):
                refused += 1
                batch.refusals.append({"line": line, "reason": reason, "raw": raw.hex()})
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
    file: _Staged
    events: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    not_upgrades: list[dict[str, Any]] = field(default_factory=list)

    def is_full(self) -> bool:
        return len(self.events) + len(self.refusals) + len(self.not_upgrades) >= _BATCH

    def write(self) -> None:
        place = {"file_id": self.file.file_id, "delivery_day": self.file.delivery.day}
        if self.events:
            self._execute("stage_events", self.events, "events", file_id=self.file.file_id)
        if self.refusals:
            self._execute("insert_quarantine", self.refusals, "refusals", path=self.file.delivery.path, **place)
        if self.not_upgrades:
            self._execute("insert_not_upgrades", self.not_upgrades, "records", **place)

    def _execute(self, statement: str, rows: list[dict[str, Any]], parameter: str, **values: object) -> None:
        self.db.execute(sql(statement), {parameter: orjson.dumps(rows).decode(), **values})
        rows.clear()


def as_json(line: int, event: Event) -> dict[str, Any]:
    """An event as `sql/stage_events.sql` reads it: moments as microseconds since the epoch."""
    row = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return {
        **row,
        "line": line,
        "time": microseconds(event.time),
        "observed_at": microseconds(event.observed_at),
    }


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _exclude_duplicates(db: duckdb.DuckDBPyConnection, day: date) -> None:
    db.execute(sql("exclude_duplicates_in_delivery"))
    db.execute(sql("create_known"))
    [(later, path)] = db.execute(sql("later_known"), {"delivery_day": day}).fetchall()
    if later:
        raise _DeliveredEarlier(path)
    db.execute(sql("exclude_known"))
