"""Key indexes: on which days a 64-bit key occurs in a table, without reading the table's history.

Belongs here: sorted runs of (key, value) beside the warehouse file, finding keys in them, merging runs, making an index anew.
Does not belong here: what the keys stand for (the slice that owns the table), the rows themselves (the warehouse's tables).

A value is a day, or two. An index may hold too many pairs, never too few: hashes collide, and rows are removed without a word to
it. Whoever asks reads the named days and compares. So a run is written once and never changed, a file that `main.key_runs` does
not list counts for nothing, and a transaction that is rolled back leaves at most such a file. Many small runs become one larger
one, eight at a time, so that a year of daily runs is a dozen files and each key is written a handful of times (a log-structured
merge tree; P. O'Neil et al., The log-structured merge-tree, Acta Informatica 33, 1996).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal
from uuid import uuid4

import duckdb
import numpy as np
import numpy.typing as npt

from assets.files import sync

Keys = npt.NDArray[np.uint64]
# Days since 1970-01-01, of which two bytes reach to the year 2149; or two of them, the second in the lower half.
Values = npt.NDArray[np.uint32]

_EPOCH = date(1970, 1, 1).toordinal()
_FANOUT = 8
# Keys that are held in memory at once while runs are searched or merged.
_BLOCK = 1 << 19


@dataclass(frozen=True)
class KeyIndex:
    """One index, by the name that `main.key_runs` knows it under.

    `batches` reads the whole table as (keys, values), in pieces that fit into memory; an index that is missing or damaged is made
    anew from it.
    """

    name: str
    batches: Callable[[duckdb.DuckDBPyConnection], Iterator[tuple[Keys, Values]]]

    def add(self, db: duckdb.DuckDBPyConnection, keys: Keys, values: Values) -> None:
        """Note that each of `keys` occurs with the value beside it; part of the transaction that writes the rows."""
        self._whole_runs(db)
        self._sweep(db)
        if len(keys) == 0:
            return
        keys, values = _distinct_pairs(*_in_order(keys, values))
        self._write(db, 0, len(keys), iter([(keys, values)]))
        runs = self._runs(db)
        while len(level := [run for run in runs if run.level == runs[-1].level]) >= _FANOUT:
            db.executemany("DELETE FROM main.key_runs WHERE run = ?", [[run.name] for run in level])
            self._write(db, runs[-1].level + 1, sum(run.length for run in level), _merged(level))
            runs = self._runs(db)

    def find(self, db: duckdb.DuckDBPyConnection, keys: Keys) -> tuple[Keys, Values]:
        """Every pair of one of `keys` and a value that it may occur with, in order; a pair may be there more than once."""
        wanted = distinct(keys)
        found = [run.find(wanted) for run in self._whole_runs(db)] if len(wanted) else []
        return _in_order(*(np.concatenate(each) for each in zip(_NOTHING, *found, strict=True)))

    def rebuild(self, db: duckdb.DuckDBPyConnection) -> None:
        """Make the index anew from its table."""
        self.clear(db)
        for keys, values in self.batches(db):
            self.add(db, keys, values)

    def clear(self, db: duckdb.DuckDBPyConnection) -> None:
        """Forget every pair; part of the transaction that empties the table."""
        db.execute("DELETE FROM main.key_runs WHERE index_name = ?", [self.name])

    def _whole_runs(self, db: duckdb.DuckDBPyConnection) -> list["_Run"]:
        """The runs of the index, after making it anew when the file of one is gone or cut short."""
        runs = self._runs(db)
        if not all(run.is_whole() for run in runs):
            self.rebuild(db)
            runs = self._runs(db)
        return runs

    def _runs(self, db: duckdb.DuckDBPyConnection) -> list["_Run"]:
        folder = _folder(db)
        rows = db.execute(
            "SELECT run, level, keys FROM main.key_runs WHERE index_name = ? ORDER BY level DESC, rowid", [self.name]
        ).fetchall()
        return [_Run(folder, *row) for row in rows]

    def _write(self, db: duckdb.DuckDBPyConnection, level: int, length: int, pieces: Iterator[tuple[Keys, Values]]) -> None:
        run = _Run(_folder(db), f"{self.name}.{uuid4().hex}", level, length)
        run.folder.mkdir(parents=True, exist_ok=True)
        with run.file.open("wb") as target:
            done = 0
            for keys, values in pieces:
                target.seek(8 * done)
                target.write(keys.data)
                target.seek(8 * length + 4 * done)
                target.write(values.data)
                done += len(keys)
        for written in (run.file, run.folder):
            sync(written)
        db.execute("INSERT INTO main.key_runs VALUES (?, ?, ?, ?)", [self.name, run.name, level, length])

    def _sweep(self, db: duckdb.DuckDBPyConnection) -> None:
        """Remove the files of runs that no commit kept, or that were merged into another since."""
        # What this transaction merged is still listed by the last commit, which a rollback goes back to.
        listed = {run.name for view in (db, db.cursor()) for run in self._runs(view)}
        for file in _folder(db).glob(f"{self.name}.*"):
            if file.name not in listed:
                file.unlink()


def key_folder(database: Path) -> Path:
    """Where the indexes of a warehouse file stand."""
    return database.with_name(f"{database.name}.keys")


def day_number(day: date) -> int:
    """A date as a value."""
    return day.toordinal() - _EPOCH


def on_day(keys: Keys, day: date) -> tuple[Keys, Values]:
    """The distinct keys, each with this day as its value."""
    keys = distinct(keys)
    return keys, np.full(len(keys), day_number(day), np.uint32)


def day_numbers(days: npt.NDArray[np.datetime64]) -> Values:
    """Dates or moments, as a query returns them, as values."""
    return days.astype("datetime64[D]").astype(np.int64).astype(np.uint32)


def dates(values: Values) -> list[date]:
    """The distinct days among the values, in order."""
    return [date.fromordinal(_EPOCH + int(day)) for day in np.unique(values)]


def distinct(keys: Keys) -> Keys:
    """The distinct keys in order; `numpy.unique` takes a hash table to it and five times as long."""
    ordered = np.sort(np.asarray(keys, np.uint64))
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]


@dataclass(frozen=True)
class _Run:
    """Pairs in order of key, then value, in one file: all keys, then all values."""

    folder: Path
    name: str
    level: int
    length: int

    @property
    def file(self) -> Path:
        return self.folder / self.name

    def is_whole(self) -> bool:
        return self.file.exists() and self.file.stat().st_size == 12 * self.length

    def find(self, wanted: Keys) -> tuple[Keys, Values]:
        """The run's pairs with one of `wanted`, which are in order; reads the run once, a block at a time."""
        found = [_NOTHING]
        with self.file.open("rb", buffering=0) as keys_source, self.file.open("rb", buffering=0) as values_source:
            keys_block, values_block = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint32)
            for begin in range(0, self.length, _BLOCK):
                size = min(_BLOCK, self.length - begin)
                keys, values = keys_block[:size], values_block[:size]
                keys_source.readinto(keys.data)
                asked = wanted[np.searchsorted(wanted, keys[0]) : np.searchsorted(wanted, keys[-1], side="right")]
                places = _places(keys, asked)
                if len(places):
                    values_source.seek(8 * self.length + 4 * begin)
                    values_source.readinto(values.data)
                    found.append((keys[places], values[places]))
        keys, values = (np.concatenate(each) for each in zip(*found, strict=True))
        return keys, values

    def between(self, low: int, high: int) -> tuple[Keys, Values]:
        """The run's pairs with a key in [low, high)."""
        keys, values = self._mapped()
        own = slice(*(self.length if bound >= 2**64 else int(np.searchsorted(keys, np.uint64(bound))) for bound in (low, high)))
        return np.array(keys[own]), np.array(values[own])

    def _mapped(self) -> tuple[Keys, Values]:
        return (
            np.memmap(self.file, np.uint64, "r", shape=self.length),
            np.memmap(self.file, np.uint32, "r", offset=8 * self.length, shape=self.length),
        )


def _places(keys: Keys, wanted: Keys) -> npt.NDArray[np.int64]:
    """Where in the sorted `keys` each of the sorted `wanted` stands, every time that it does."""
    first, end = (np.searchsorted(keys, wanted, side=side) for side in _SIDES)
    return ranges(first, end)


def ranges(first: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Every place in [first, end) of each range, one range after the other."""
    lengths = end - first
    return np.repeat(end - lengths.cumsum(), lengths) + np.arange(lengths.sum())


def _distinct_pairs(keys: Keys, values: Values) -> tuple[Keys, Values]:
    is_new = np.concatenate(([True], (keys[1:] != keys[:-1]) | (values[1:] != values[:-1])))
    return keys[is_new], values[is_new]


def _in_order(keys: Keys, values: Values) -> tuple[Keys, Values]:
    if len(keys) and (keys[1:] > keys[:-1]).all():
        return keys, values
    order = np.lexsort((values, keys))
    return keys[order], values[order]


def _merged(runs: list[_Run]) -> Iterator[tuple[Keys, Values]]:
    """The pairs of all runs in one order, a range of keys at a time: hashes are spread evenly, so the ranges are of a size."""
    parts = max(1, sum(run.length for run in runs) // _BLOCK)
    bounds = [part * 2**64 // parts for part in range(parts + 1)]
    for low, high in pairwise(bounds):
        found = [run.between(low, high) for run in runs]
        yield _in_order(*(np.concatenate(each) for each in zip(*found, strict=True)))


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_NOTHING = (np.empty(0, np.uint64), np.empty(0, np.uint32))


def _folder(db: duckdb.DuckDBPyConnection) -> Path:
    [(path,)] = db.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()
    return key_folder(Path(path))
