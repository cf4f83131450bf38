"""Reading canonical files in bulk: one statement writes the lines of many, and the few that leave doubt are read again strictly.

Belongs here: the bulk reading in SQL, which row is which line, the strict second look.
Does not belong here: bytes and offsets (`lines.py`), what a line means (`canonical.py`), which files are read, duplicates and the
ledger (`intake.py`).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from assets.frames import columns
from assets.moments import end_of
from assets.sql_files import sql_beside
from assets.telemetry import canonical
from assets.telemetry.canonical import Event
from assets.telemetry.lines import Indices, Lines, Reading, UnreadableFile, read_alongside
from assets.telemetry.reading import Counts, Place, Read, store, withdraw_file
from assets.telemetry.sources import Accepted, Outcome, Refused

sql = sql_beside(__file__)


def read_lines(db: duckdb.DuckDBPyConnection, files: Sequence[tuple[Place, Path]], scratch: Path) -> list[Read | UnreadableFile]:
    """Write what the decompressed files of one delivery day hold; every line is an event, a refusal or blank afterwards.

    Returns what each file came to, in their order; nothing is kept of a file that turns out to be unreadable.
    """
    found = _read(db, files, scratch, as_copy=False)
    for number, (place, content) in enumerate(files):
        if found[number] is None:  # the reader and we disagree on which lines are blank: a copy without any leaves no doubt
            withdraw_file(db, place)
            [found[number]] = _read(db, [(place, content)], scratch, as_copy=True)
        if found[number] is None:
            raise AssertionError(
                f"landing/{place.delivery.path}: the bulk reader does not make one row per line; accepted: one row per line. "
                "This is a defect of ours: report it with the file, and move it out of the landing zone to go on without it."
            )
        if isinstance(found[number], UnreadableFile):
            withdraw_file(db, place)
    return [each for each in found if each is not None]


def _read(
    db: duckdb.DuckDBPyConnection, files: Sequence[tuple[Place, Path]], scratch: Path, *, as_copy: bool
) -> list[Read | UnreadableFile | None]:
    """Write the lines of the files; None for one whose rows do not match its lines: a row's place does not give its line then."""
    day = files[0][0].delivery.day
    bounds = {"earliest": canonical.EARLIEST, "latest": end_of(day) + canonical.LATENESS_OF_CLOCKS}
    with ExitStack() as opened, ThreadPoolExecutor(1) as thread:
        readings: list[Reading | UnreadableFile] = []
        for _, content in files:
            try:
                readings.append(opened.enter_context(read_alongside(content, scratch, thread, as_copy=as_copy)))
            except UnreadableFile as problem:
                readings.append(problem)
        bulk = [
            (place.file_id, str(reading.bulk))
            for (place, _), reading in zip(files, readings, strict=True)
            if isinstance(reading, Reading)
        ]
        ids = {"delivery_day": day, "file_ids": [file_id for file_id, _ in bulk]}
        if bulk:
            db.execute(sql("insert_lines"), {"paths": [path for _, path in bulk], **ids, **bounds})
        rows = _Rows.of(db, ids)
        return [
            _judged(db, place, reading, rows) if isinstance(reading, Reading) else reading
            for (place, _), reading in zip(files, readings, strict=True)
        ]


@dataclass(frozen=True)
class _Rows:
    """The rows that were read in bulk: by file, its first, how many, how many row ids they span; those without an identity."""

    spans: dict[int, tuple[int, int, int]]
    without_identity: Indices

    @classmethod
    def of(cls, db: duckdb.DuckDBPyConnection, ids: dict[str, object]) -> "_Rows":
        spans = {file_id: tuple(span) for file_id, *span in db.execute(sql("rows_of_files"), ids).fetchall()}
        return cls(spans, columns(db, sql("rows_without_identity"), ids)["row_id"])

    def not_judged(self, file_id: int) -> Indices:
        """Which rows of the file, counted from 0, the bulk reading could not judge."""
        first_row, _, span = self.spans[file_id]
        begin, end = np.searchsorted(self.without_identity, (first_row, first_row + span))
        return self.without_identity[begin:end] - first_row


def _judged(db: duckdb.DuckDBPyConnection, place: Place, reading: Reading, rows: _Rows) -> Read | UnreadableFile | None:
    """Read the doubtful lines of a file strictly, once its rows are known to match its lines."""
    try:
        lines, rowless = reading.lines(), reading.rowless
    except UnreadableFile as problem:
        return problem
    with_row = lines.count - len(rowless)
    if rows.spans.get(place.file_id, (0, 0, 0))[1:] != (with_row, with_row):
        return None
    not_judged = rows.not_judged(place.file_id) if with_row else np.empty(0, np.int64)
    second_look = np.union1d(_lines_of_rows(not_judged, rowless), lines.doubtful)
    superseded = _rows_of_lines(np.setdiff1d(second_look, rowless), rowless)
    blank = len(lines.blank)
    strictly = _strictly(lines, np.setdiff1d(second_look, lines.blank), rowless, place.delivery.day)
    quarantined, _ = store(db, place, strictly)
    counts = Counts(lines=lines.count, blank=blank, records=lines.count - blank, quarantined=quarantined)
    return Read(counts, superseded)


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
