"""Key indexes: on which days a 64-bit key occurs in a table, without reading the table's history.

Belongs here: sorted runs of (key, day) beside the warehouse file, finding keys in them, merging runs, making an index anew.
Does not belong here: what the keys stand for (the slice that owns the table), the rows themselves (the warehouse's tables).

An index may name too many days, never too few: hashes collide, and rows are removed without a word to it. Whoever asks reads
the named days and compares. So a run file is written once and never changed, a file that `main.key_runs` does not list counts
for nothing, and a transaction that is rolled back leaves at most such a file. Many small runs become one larger one, eight at a
time, so that a year of daily runs is a dozen files and each key is written a handful of times (a log-structured merge tree;
P. O'Neil et al., The log-structured merge-tree, Acta Informatica 33, 1996).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import duckdb
import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
# Days since 1970-01-01; two bytes reach to the year 2149.
Days = npt.NDArray[np.uint16]

_EPOCH = date(1970, 1, 1).toordinal()
_FANOUT = 8
# Keys that are held in memory at once while runs are searched or merged.
_BLOCK = 1 << 19


@dataclass(frozen=True)
class KeyIndex:
    """One index, by the name that `main.key_runs` knows it under.

    `batches` reads the whole table as (keys, days), in pieces that fit into memory; an index that is missing or damaged is made
    anew from it.
    """

    name: str
    batches: Callable[[duckdb.DuckDBPyConnection], Iterator[tuple[Keys, Days | date]]]

    def add(self, db: duckdb.DuckDBPyConnection, keys: Keys, days: Days | date) -> None:
        """Note that each of `keys` occurs on the day beside it, or all on one day; part of the transaction that writes the rows."""
        self._whole_runs(db)
        self._sweep(db)
        if len(keys) == 0:
            return
        keys, days = _distinct(keys, days)
        self._write(db, 0, len(keys), iter([(keys, days)]))
        runs = self._runs(db)
        while len(level := [run for run in runs if run.level == runs[-1].level]) >= _FANOUT:
            db.executemany("DELETE FROM main.key_runs WHERE run = ?", [[run.name] for run in level])
            self._write(db, runs[-1].level + 1, sum(run.length for run in level), _merged(level))
            runs = self._runs(db)

    def find(self, db: duckdb.DuckDBPyConnection, keys: Keys) -> tuple[Keys, Days]:
        """Every pair of one of `keys` and a day on which it may occur; a key on several days is there several times."""
        wanted = _in_order(keys)
        found = [run.find(wanted) for run in self._whole_runs(db)] if len(wanted) else []
        pairs = np.unique(np.concatenate([_paired(*each) for each in found])) if found else _paired(*_NOTHING)
        return pairs["key"], pairs["day"]

    def rebuild(self, db: duckdb.DuckDBPyConnection) -> None:
        """Make the index anew from its table."""
        db.execute("DELETE FROM main.key_runs WHERE index_name = ?", [self.name])
        for keys, days in self.batches(db):
            self.add(db, keys, days)

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

    def _write(self, db: duckdb.DuckDBPyConnection, level: int, length: int, pieces: Iterator[tuple[Keys, Days]]) -> None:
        run = _Run(_folder(db), f"{self.name}.{uuid4().hex}", level, length)
        run.folder.mkdir(parents=True, exist_ok=True)
        with run.file.open("wb") as target:
            done = 0
            for keys, days in pieces:
                target.seek(8 * done)
                target.write(keys.data)
                target.seek(8 * length + 2 * done)
                target.write(days.data)
                done += len(keys)
            target.flush()
            os.fsync(target.fileno())
        db.execute("INSERT INTO main.key_runs VALUES (?, ?, ?, ?)", [self.name, run.name, level, length])

    def _sweep(self, db: duckdb.DuckDBPyConnection) -> None:
        """Remove the files of runs that no commit kept, or that were merged into another since."""
        listed = {run.name for run in self._runs(db)}
        for file in _folder(db).glob(f"{self.name}.*"):
            if file.name not in listed:
                file.unlink()


def day_numbers(days: npt.NDArray[np.datetime64]) -> Days:
    """Dates as the index keeps them."""
    return days.astype("datetime64[D]").astype(np.int64).astype(np.uint16)


def dates(days: Days) -> list[date]:
    """The distinct days, in order."""
    return [date.fromordinal(_EPOCH + int(day)) for day in np.unique(days)]


@dataclass(frozen=True)
class _Run:
    """Pairs in order of key, then day, in one file: all keys, then all days."""

    folder: Path
    name: str
    level: int
    length: int

    @property
    def file(self) -> Path:
        return self.folder / self.name

    def is_whole(self) -> bool:
        return self.file.exists() and self.file.stat().st_size == 10 * self.length

    def find(self, wanted: Keys) -> tuple[Keys, Days]:
        """The run's pairs with one of `wanted`, which is sorted; reads the keys once, a block at a time."""
        places = []
        with self.file.open("rb") as source:
            block = np.empty(_BLOCK, np.uint64)
            for begin in range(0, self.length, _BLOCK):
                keys = block[: min(_BLOCK, self.length - begin)]
                source.readinto(keys.data)
                asked = wanted[np.searchsorted(wanted, keys[0]) : np.searchsorted(wanted, keys[-1], side="right")]
                places.append(_places(keys, asked) + begin)
        found = np.concatenate(places) if places else np.empty(0, np.int64)
        if len(found) == 0:
            return _NOTHING
        keys, days = self._mapped()
        return keys[found], days[found]

    def between(self, low: int, high: int) -> tuple[Keys, Days]:
        """The run's pairs with a key in [low, high)."""
        keys, days = self._mapped()
        own = slice(*(self.length if bound >= 2**64 else int(np.searchsorted(keys, np.uint64(bound))) for bound in (low, high)))
        return np.array(keys[own]), np.array(days[own])

    def _mapped(self) -> tuple[Keys, Days]:
        return (
            np.memmap(self.file, np.uint64, "r", shape=self.length),
            np.memmap(self.file, np.uint16, "r", offset=8 * self.length, shape=self.length),
        )


def _places(keys: Keys, wanted: Keys) -> npt.NDArray[np.int64]:
    """Where in the sorted `keys` each of the sorted `wanted` stands, every time that it does."""
    first = np.searchsorted(keys, wanted)
    places = []
    while True:  # a key that occurs on several days stands there several times in a row
        is_there = first < len(keys)
        first, wanted = first[is_there], wanted[is_there]
        is_there = keys[first] == wanted
        first, wanted = first[is_there], wanted[is_there]
        if len(first) == 0:
            return np.concatenate(places) if places else np.empty(0, np.int64)
        places.append(first)
        first = first + 1


def _distinct(keys: Keys, days: Days | date) -> tuple[Keys, Days]:
    """The distinct pairs in order."""
    if isinstance(days, date):  # much the most common case, and several times as fast
        keys = _in_order(keys)
        return keys, np.full(len(keys), days.toordinal() - _EPOCH, np.uint16)
    pairs = np.unique(_paired(keys, days))
    return np.ascontiguousarray(pairs["key"]), np.ascontiguousarray(pairs["day"])


def _in_order(keys: Keys) -> Keys:
    """The distinct keys, sorted; `numpy.unique` takes a hash table to it and five times as long."""
    ordered = np.sort(np.asarray(keys, np.uint64))
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]


def _merged(runs: list[_Run]) -> Iterator[tuple[Keys, Days]]:
    """The pairs of all runs in one order, a range of keys at a time: hashes are spread evenly, so the ranges are of a size."""
    parts = max(1, sum(run.length for run in runs) // _BLOCK)
    bounds = [part * 2**64 // parts for part in range(parts + 1)]
    for low, high in zip(bounds, bounds[1:], strict=False):
        found = [run.between(low, high) for run in runs]
        keys, days = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.lexsort((days, keys))
        yield keys[order], days[order]


def _paired(keys: Keys, days: Days) -> npt.NDArray[np.void]:
    pairs = np.empty(len(keys), np.dtype([("key", np.uint64), ("day", np.uint16)]))
    pairs["key"], pairs["day"] = keys, days
    return pairs


_NOTHING = (np.empty(0, np.uint64), np.empty(0, np.uint16))


def _folder(db: duckdb.DuckDBPyConnection) -> Path:
    """Beside the warehouse file that the connection is to."""
    [(path,)] = db.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()
    return Path(f"{path}.keys")
