"""Taking in deliveries: every line becomes an event, a duplicate, a quarantined line or a blank one, and the ledger says which.

Belongs here: one transaction per delivery day, so that an interrupted run goes on where it stopped; duplicates; taking days in
anew when their files are no longer what they were.
Does not belong here: reading a file (`reading.py`), which files are due (`ledger.py`), walking the landing zone (`landing.py`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from assets.sql_files import sql_beside
from assets.telemetry import ledger
from assets.telemetry.landing import Delivery, deliveries
from assets.telemetry.lines import UnreadableFile, expanded, sha256_of
from assets.telemetry.reading import Counts, Place, read_file, withdraw_file

sql = sql_beside(__file__)

TABLES = ("files", "events", "quarantine", "not_upgrades", "touched", "inventory", "inventory_version")
_MACROS = ("macro_text", "macro_is_not_text", "macro_moment")
_STAGING = ("create_staging", "create_new_files", "create_excluded", "create_candidates")

Transaction = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


@dataclass(frozen=True)
class Intake:
    """What one run took in: the days whose files it read, and what it has to say about the landing zone."""

    days: tuple[date, ...]
    files: int
    restated: tuple[str, ...]
    failed: tuple[str, ...]


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
        failed = [f"landing/{path}: {error}" for path, error in db.execute(sql("failed_files"), {"upto": upto}).fetchall()]
    return Intake(days=tuple(dict.fromkeys(days)), files=files, restated=tuple(restated), failed=tuple(failed))


def _due(transaction: Transaction, present: list[Delivery], *, upto: date) -> ledger.Plan:
    with transaction() as db:
        recorded = ledger.recorded_files(db)
        db.execute(sql("forget_gone"), {"paths": ledger.gone(present, recorded, upto=upto)})
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
    for statement in (*_MACROS, *_STAGING):
        db.execute(sql(statement))
    db.execute(sql("forget_failed"), {"delivery_day": day})
    [(last_known,)] = db.execute("SELECT coalesce(max(file_id), 0) FROM telemetry.files").fetchall()
    files = [_File(Place(number, delivery)) for number, delivery in enumerate(delivered, start=last_known + 1)]
    seen: set[str] = set()
    for file in files:
        try:
            _read(db, file, seen, scratch)
        except UnreadableFile as problem:
            _fail(db, file, str(problem))
    given = _records(db)
    _exclude_duplicates(db, day)
    kept = _records(db)
    db.execute(sql("insert_events"), {"delivery_day": day})
    for file in files:
        given_records, _ = given.get(file.place.file_id, (0, 0))
        accepted, events = kept.get(file.place.file_id, (0, 0))
        file.counts = replace(file.counts, accepted=accepted, duplicate=given_records - accepted, events=events)
        db.execute(sql("insert_file"), file.row())
    db.execute(sql("insert_touched"), {"delivery_day": day, "and_later": False})


def _read(db: duckdb.DuckDBPyConnection, file: "_File", seen: set[str], scratch: Path) -> None:
    """Read one file into the tables, unless its content was delivered before.

    Raises:
        UnreadableFile: when nothing of the file can be used.
        _DeliveredEarlier: when the same content was taken in from a later delivery.
    """
    delivery = file.place.delivery
    if delivery.problem is not None:
        raise UnreadableFile(delivery.problem)
    try:
        file.sha256 = sha256_of(delivery.location)
    except OSError as problem:  # past this point an error of the system is not the file's: a full disk, say
        reason = f"it cannot be read ({problem.strerror or problem}). Mend it, or move it out of the landing zone."
        raise UnreadableFile(reason) from problem
    earlier = db.execute(sql("known_content"), {"sha256": file.sha256}).fetchall()
    if any((known_day, known_path) > (delivery.day, delivery.path) for known_day, known_path in earlier):
        raise _DeliveredEarlier(delivery.path)
    if earlier or file.sha256 in seen:
        file.status = ledger.REDELIVERED
        return
    with _folder(scratch) as folder, expanded(delivery.location, folder) as content:
        file.counts = read_file(db, file.place, content, folder)
    seen.add(file.sha256)


def _fail(db: duckdb.DuckDBPyConnection, file: "_File", error: str) -> None:
    """Record that the file cannot be read; nothing of it stays."""
    file.status, file.error, file.counts = ledger.FAILED, error, Counts()
    withdraw_file(db, file.place)


def _records(db: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, int]]:
    """By file: how many of its records have an event that is not excluded, and how many events that is."""
    return {file_id: (records, events) for file_id, records, events in db.execute(sql("candidate_records")).fetchall()}


def _exclude_duplicates(db: duckdb.DuckDBPyConnection, day: date) -> None:
    db.execute(sql("exclude_repeated"))
    db.execute(sql("create_known"))
    [(later, path)] = db.execute(sql("later_known"), {"delivery_day": day}).fetchall()
    if later:
        raise _DeliveredEarlier(path)
    db.execute(sql("exclude_known"))


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


@dataclass
class _File:
    """One file of the day at hand: what is known of it so far."""

    place: Place
    sha256: str | None = None
    status: str = ledger.TAKEN_IN
    error: str | None = None
    counts: Counts = field(default_factory=Counts)

    def row(self) -> dict[str, Any]:
        """The file's row in the ledger, as `sql/insert_file.sql` takes it."""
        delivery = self.place.delivery
        return {
            **self.place.key,
            "path": delivery.path,
            "source": delivery.source,
            "stamp": delivery.stamp,
            "sha256": self.sha256,
            "bytes": int(delivery.stamp.split(":")[0]),
            "status": self.status,
            "error": self.error,
            **asdict(self.counts),
        }
