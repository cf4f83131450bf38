"""Taking in deliveries: every line becomes an event, a duplicate, a quarantined line or a blank one, and the ledger says which.

Belongs here: transactions by days, so that an interrupted run goes on where it stopped; what becomes of duplicates; taking days
in anew when their files are no longer what they were.
Does not belong here: reading files (`bulk.py`, `reading.py`), finding duplicates (`duplicates.py`), which files are due
(`ledger.py`), walking the landing zone (`landing.py`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from assets.frames import arrays, columns
from assets.key_index import on_day
from assets.sql_files import compose, sql_beside
from assets.telemetry import ledger
from assets.telemetry.bulk import read_lines
from assets.telemetry.duplicates import NewRows, Rows, known, repeated
from assets.telemetry.keys import IDENTITIES, THREADS
from assets.telemetry.landing import CANONICAL, Delivery, deliveries
from assets.telemetry.lines import UnreadableFile, expanded, sha256_of
from assets.telemetry.reading import Counts, Place, Read, read_records, withdraw_file
from assets.transactions import transaction

sql = sql_beside(__file__)

# Delivered bytes of small days that are taken in together; and expanded ones of small files that are read together, and how many
# such files: each needs a handle.
_BYTES_AT_ONCE = 128 * 1024 * 1024
_FILES_AT_ONCE = 64


@dataclass(frozen=True)
class Intake:
    """What one run took in: the days whose files it read, and what it has to say about the landing zone."""

    days: tuple[date, ...]
    files: int
    restated: tuple[str, ...]
    failed: tuple[str, ...]


class IntakeUnfinished(RuntimeError):
    """Events are missing, or not accounted for, until the intake has run again."""


class _DeliveredEarlier(Exception):
    """Something of a day was taken in before from a later delivery; the first delivery has to count."""

    def __init__(self, delivery: str, day: date) -> None:
        self.day = day
        super().__init__(f"landing/{delivery} holds what was taken in from a later delivery; its day is taken in anew.")


def take_in(
    db: duckdb.DuckDBPyConnection,
    landing: Path,
    *,
    upto: date,
    scratch: Path,
    progress: Callable[[date, int, int], None] = lambda _day, _done, _due: None,
) -> Intake:
    """Bring events, quarantine and ledger to what `landing` holds for delivery days up to and including `upto`.

    Each day, or several small ones, is two transactions: its rows, then the ledger that accounts for them. What an interrupted
    run left of the first is removed by the next; until then `telemetry.unfinished` says that not all events are there.
    `progress` hears the day, the days done and the days due.

    Raises:
        LandingError: when the landing zone holds a folder that is no source or no day.
    """
    present = deliveries(landing)
    restated: list[str] = []
    days: list[date] = []
    files = 0
    with transaction(db):
        _forget_unfinished(db)
    while True:
        due = _due(db, present, upto=upto)
        if due.restate_from is not None:
            restated += due.reasons
            _forget_from(db, due.restate_from)
            continue
        numbers = {day: number for number, day in enumerate(due.deliveries)}
        for batch in _batches(due.deliveries):
            try:
                _take_in_days(db, batch, scratch, lambda day: progress(day, numbers[day], len(numbers)))  # noqa: B023 - used at once
            except _DeliveredEarlier as earlier:
                restated.append(str(earlier))
                _forget_from(db, earlier.day)
                break
            days += batch
            files += sum(map(len, batch.values()))
        else:
            break
    with transaction(db):
        db.execute("DELETE FROM telemetry.unfinished WHERE delivery_day <= ?", [upto])
    failed = [f"landing/{path}: {error}" for path, error in db.execute(sql("failed_files"), {"upto": upto}).fetchall()]
    return Intake(days=tuple(dict.fromkeys(days)), files=files, restated=tuple(restated), failed=tuple(failed))


def require_finished(db: duckdb.DuckDBPyConnection, *, upto: date) -> None:
    """Refuse to go on when events delivered by `upto` are missing or not accounted for, because an intake was interrupted."""
    [(since,)] = db.execute("SELECT min(delivery_day) FROM telemetry.unfinished WHERE delivery_day <= ?", [upto]).fetchall()
    if since is not None:
        raise IntakeUnfinished(
            f"the intake of deliveries from {since} on was interrupted; needed: all of them up to {upto}. "
            f"Materialise telemetry_events for {upto} first, or run `upgrade-slo run --date {upto}`."
        )


def _due(db: duckdb.DuckDBPyConnection, present: list[Delivery], *, upto: date) -> ledger.Plan:
    with transaction(db):
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


def _forget_unfinished(db: duckdb.DuckDBPyConnection) -> None:
    """Remove what an interrupted intake wrote and did not account for."""
    if db.execute("FROM telemetry.unfinished").fetchall():
        for table in ("events", "quarantine", "not_upgrades"):
            db.execute(compose(sql("forget_unfinished_rows"), table=table))


def _forget_from(db: duckdb.DuckDBPyConnection, day: date) -> None:
    """Take back every delivery from `day` on; the plan then asks for them again, in order."""
    with transaction(db):
        _forget_unfinished(db)
        db.execute(sql("insert_unfinished"), {"delivery_day": day})
        db.execute(sql("insert_touched"), {"delivery_day": day, "and_later": True, "known_file": 0})
        for table in ("events", "quarantine", "not_upgrades", "files"):
            db.execute(sql(f"forget_{table}"), {"delivery_day": day})


def _batches(due: dict[date, list[Delivery]]) -> Iterator[dict[date, list[Delivery]]]:
    """The days in order, those that follow each other together while they are small: a commit costs as much as a small day."""
    batch: dict[date, list[Delivery]] = {}
    held = 0
    for day, delivered in due.items():
        size = sum(each.size for each in delivered)
        if batch and held + size > _BYTES_AT_ONCE:
            yield batch
            batch, held = {}, 0
        batch[day] = delivered
        held += size
    if batch:
        yield batch


def _take_in_days(
    db: duckdb.DuckDBPyConnection, batch: dict[date, list[Delivery]], scratch: Path, begin: Callable[[date], None]
) -> None:
    """Write the rows of the days' files and commit them; then delete those that are no events, and write the ledger.

    Deleting rows of the same transaction would make DuckDB write all the others again.
    """
    with transaction(db):
        db.executemany("INSERT INTO telemetry.unfinished VALUES (?)", [[day] for day in batch])
        [(known_file,)] = db.execute("SELECT coalesce(max(file_id), 0) FROM telemetry.files").fetchall()
        files = _read_files(db, batch, known_file, scratch, begin)
    with transaction(db):
        new = _new_rows(db, files, known_file)
        again = repeated(db, new)
        elsewhere = known(db, new)
        if elsewhere.later_than is not None:
            day, path = elsewhere.later_than
            raise _DeliveredEarlier(path, day)
        duplicates = np.union1d(again, elsewhere.rows)
        _count(db, files, new, duplicates)
        with arrays(db, excluded={"row_id": new.excluded}, duplicates={"row_id": duplicates}):
            db.execute(sql("delete_rows"), {"known_file": known_file})
        for day in batch:
            db.execute(sql("forget_failed"), {"delivery_day": day})
        for file in files:
            db.execute(sql("insert_file"), file.row())
        for day in batch:
            events = columns(db, sql("new_keys"), {"known_file": known_file, "delivery_day": day})
            IDENTITIES.add(db, *on_day(events["identity"], day))
            THREADS.add(db, *on_day(events["thread_key"], day))
            db.execute(sql("insert_touched"), {"delivery_day": day, "and_later": False, "known_file": known_file})


def _read_files(
    db: duckdb.DuckDBPyConnection,
    batch: dict[date, list[Delivery]],
    known_file: int,
    scratch: Path,
    begin: Callable[[date], None],
) -> list["_File"]:
    db.execute(sql("macro_moment"))
    files: list[_File] = []
    seen: dict[str, _File] = {}
    for day, delivered in batch.items():
        begin(day)
        todays = [_File(Place(number, each)) for number, each in enumerate(delivered, start=known_file + 1 + len(files))]
        _read_due(db, [file for file in todays if _is_due(db, file, seen)], scratch)
        files += todays
    for file in files:
        if file.status == ledger.REDELIVERED and (first := seen.get(str(file.sha256))) and first.error:
            file.fail(first.error)  # the same bytes cannot be read any better
    return files


def _is_due(db: duckdb.DuckDBPyConnection, file: "_File", seen: dict[str, "_File"]) -> bool:
    """Whether the file is to be read: it can be, and its content was not delivered before.

    Raises:
        _DeliveredEarlier: when the same content was taken in from a later delivery.
    """
    delivery = file.place.delivery
    if delivery.problem is not None:
        file.fail(delivery.problem)
        return False
    try:
        file.sha256 = sha256_of(delivery.location)
    except OSError as problem:  # past this point an error of the system is not the file's: a full disk, say
        file.fail(f"it cannot be read ({problem.strerror or problem}). Mend it, or move it out of the landing zone.")
        return False
    earlier = db.execute(sql("known_content"), {"sha256": file.sha256}).fetchall()
    if any((known_day, known_path) > (delivery.day, delivery.path) for known_day, known_path in earlier):
        raise _DeliveredEarlier(delivery.path, delivery.day)
    if earlier or file.sha256 in seen:
        file.status = ledger.REDELIVERED
        return False
    seen[file.sha256] = file
    return True


def _read_due(db: duckdb.DuckDBPyConnection, files: list["_File"], scratch: Path) -> None:
    """Read files of one delivery day into the tables; nothing stays of one that turns out to be unreadable.

    Files of canonical events are read together while they are few and small, as expanded.
    """
    with _folder(scratch) as folder:
        together = _Together(db, folder)
        for file in files:
            delivery = file.place.delivery
            try:
                if delivery.source == CANONICAL:
                    together.add(file)
                else:
                    with expanded(delivery.location, folder) as content:
                        file.read = read_records(db, file.place, content)
            except UnreadableFile as problem:
                withdraw_file(db, file.place)
                file.fail(str(problem))
        together.read()


class _Together:
    """Canonical files of one delivery day that one statement is going to read."""

    def __init__(self, db: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._db, self._folder = db, folder
        self._opened = ExitStack()
        self._contents: list[tuple[_File, Path]] = []
        self._size = 0

    def add(self, file: "_File") -> None:
        """Read the file with the next ones, or at once with those before when they are many by now.

        Raises:
            UnreadableFile: when the file cannot be expanded.
        """
        content = self._opened.enter_context(expanded(file.place.delivery.location, self._folder))
        self._contents.append((file, content))
        self._size += content.stat().st_size
        if len(self._contents) >= _FILES_AT_ONCE or self._size >= _BYTES_AT_ONCE:
            self.read()

    def read(self) -> None:
        """Read what was added and not read yet."""
        with self._opened:
            if self._contents:
                places = [(file.place, content) for file, content in self._contents]
                for (file, _), found in zip(self._contents, read_lines(self._db, places, self._folder), strict=True):
                    if isinstance(found, UnreadableFile):
                        file.fail(str(found))
                    else:
                        file.read = found
        self._contents, self._size = [], 0


def _new_rows(db: duckdb.DuckDBPyConnection, files: list["_File"], known_file: int) -> NewRows:
    """What the first transaction wrote. The rows that were read in bulk follow each other, so a row's place gives its id."""
    db.execute(sql("create_new_files"))
    excluded = [np.empty(0, np.int64)]
    by_day: dict[date, list[int]] = {}
    for file in files:
        by_day.setdefault(file.place.delivery.day, []).append(file.place.file_id)
    spans = {
        file_id: span
        for day, file_ids in by_day.items()
        for file_id, *span in db.execute(sql("rows_of_files"), {"delivery_day": day, "file_ids": file_ids}).fetchall()
    }
    rows = []
    for file in files:
        first_row, count, span = spans.get(file.place.file_id, (0, 0, 0))
        assert count == span, "another writer came in between"
        excluded.append(file.read.superseded + first_row)
        rows.append([file.place.file_id, file.place.delivery.day, file.place.delivery.path, first_row])
    db.executemany("INSERT INTO new_files VALUES (?, ?, ?, ?)", rows)
    superseded = np.concatenate(excluded)
    with arrays(db, excluded={"row_id": superseded}):
        identities = columns(db, sql("new_identities"), {"known_file": known_file})["identity"]
    return NewRows(known_file, superseded, identities)


def _count(db: duckdb.DuckDBPyConnection, files: list["_File"], new: NewRows, duplicates: Rows) -> None:
    """Note, for each file, how many of its records and events are kept."""
    with arrays(db, excluded={"row_id": new.excluded}, duplicates={"row_id": duplicates}):
        rows = db.execute(sql("records_of_files"), {"known_file": new.known_file}).fetchall()
    found = {file_id: counts for file_id, *counts in rows}
    for file in files:
        given, accepted, events = found.get(file.place.file_id, (0, 0, 0))
        counts = replace(file.read.counts, accepted=accepted, duplicate=given - accepted, events=events)
        file.read = replace(file.read, counts=counts)


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
    """One file of the days at hand: what is known of it so far."""

    place: Place
    sha256: str | None = None
    status: str = ledger.TAKEN_IN
    error: str | None = None
    read: Read = field(default_factory=lambda: Read(Counts()))

    def fail(self, error: str) -> None:
        """Note that the file cannot be read."""
        self.status, self.error = ledger.FAILED, error

    def row(self) -> dict[str, Any]:
        """The file's row in the ledger, as `sql/insert_file.sql` takes it."""
        delivery = self.place.delivery
        return {
            **self.place.key,
            "path": delivery.path,
            "source": delivery.source,
            "stamp": delivery.stamp,
            "sha256": self.sha256,
            "bytes": delivery.size,
            "status": self.status,
            "error": self.error,
            **asdict(self.read.counts),
        }
