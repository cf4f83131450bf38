"""Key indexes find every pair that was noted, whatever batches it came in, and mend themselves.

What should be found is asked of a dict of sets.
An index may name values that a key occurs with no more and may never miss one; where nothing is taken
away, it is compared exactly.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets import key_index
from assets.key_index import KeyIndex, dates, day_number, day_numbers, distinct, key_folder, on_day
from assets.transactions import transaction
from assets.warehouse import Warehouse

GREATEST = 2**64 - 1
# Few, so that they meet again; at the ends and in the middle, where the ranges of a merge border on each other.
KEYS = (0, 1, 2, 7, 2**62, 2**63 - 1, 2**63, 2**63 + 1, 3 * 2**62, GREATEST - 1, GREATEST)
VALUES = (0, 1, 2, 20_777, 2**16, 2**31, 2**32 - 1)

Pair = tuple[int, int]


class Shelf:
    """An index in a warehouse of its own, and the table that it is of: here a list of pairs."""

    def __init__(self, db: duckdb.DuckDBPyConnection, database: Path, name: str = "shelf") -> None:
        self.db, self.folder, self.name = db, key_folder(database), name
        self.table: list[Pair] = []
        self.readings = 0
        self.index = KeyIndex(name, self._batches)

    def _batches(self, _db: duckdb.DuckDBPyConnection) -> Iterator[tuple[key_index.Keys, key_index.Values]]:
        self.readings += 1
        for begin in range(0, len(self.table), 3):
            yield arrays(self.table[begin : begin + 3])

    def add(self, *pairs: Pair) -> None:
        """One transaction that writes the pairs into the table and the index."""
        with transaction(self.db):
            self.table += pairs
            self.index.add(self.db, *arrays(pairs))

    def find(self, *keys: int) -> list[Pair]:
        found, values = self.index.find(self.db, np.array(keys, np.uint64))
        assert (found.dtype, values.dtype) == (np.uint64, np.uint32)
        return list(zip(found.tolist(), values.tolist(), strict=True))

    def runs(self) -> list[tuple[str, int, int]]:
        """Name, level and length of every run that counts."""
        return self.db.execute(
            "SELECT run, level, keys FROM main.key_runs WHERE index_name = ? ORDER BY ALL", [self.name]
        ).fetchall()

    def files(self) -> list[str]:
        return sorted(file.name for file in self.folder.glob("*"))


def arrays(pairs) -> tuple[key_index.Keys, key_index.Values]:
    return np.array([key for key, _ in pairs], np.uint64), np.array([value for _, value in pairs], np.uint32)


@contextmanager
def opened(folder: Path) -> Iterator[Shelf]:
    warehouse = Warehouse(folder / "warehouse.duckdb", folder / "scratch", threads=1)
    with warehouse.connection() as db:
        yield Shelf(db, warehouse.path)


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    with opened(tmp_path) as shelf:
        yield shelf


@pytest.fixture(scope="module")
def lasting_shelf(tmp_path_factory) -> Iterator[Shelf]:
    """One warehouse for all examples of a property: opening one costs more than any of them."""
    with opened(tmp_path_factory.mktemp("shelf")) as shelf:
        yield shelf


@contextmanager
def emptied(shelf: Shelf, *, block: int, fanout: int) -> Iterator[Shelf]:
    """The shelf with nothing in it, while blocks and merges are small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_index, "_BLOCK", block)
        patch.setattr(key_index, "_FANOUT", fanout)
        with transaction(shelf.db):
            shelf.index.clear(shelf.db)
        shelf.table, shelf.readings = [], 0
        yield shelf


# Each batch is a commit; hundreds of examples were tried when the tests were written.
SMALL = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
PAIRS = st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES))
BATCHES = st.lists(st.lists(PAIRS, max_size=12), max_size=12)
WANTED = st.lists(st.sampled_from([*KEYS, 3, 2**63 + 2]), max_size=12)


@SMALL
@given(BATCHES, WANTED, st.integers(1, 5), st.integers(2, 4))
def test_what_is_found_is_what_was_added(lasting_shelf, batches, wanted, block, fanout):
    with emptied(lasting_shelf, block=block, fanout=fanout) as shelf:
        added: dict[int, set[int]] = {}
        for batch in batches:
            shelf.add(*batch)
            for key, value in batch:
                added.setdefault(key, set()).add(value)
            found = shelf.find(*wanted)
            assert found == sorted(found)
            assert set(found) == {(key, value) for key in wanted for value in added.get(key, ())}


@SMALL
@given(BATCHES, st.integers(1, 5), st.integers(2, 4))
def test_a_merge_keeps_every_pair_of_every_addition(lasting_shelf, batches, block, fanout):
    with emptied(lasting_shelf, block=block, fanout=fanout) as shelf:
        for batch in batches:
            shelf.add(*batch)
        added = Counter(pair for batch in batches for pair in set(batch))
        assert Counter(shelf.find(*KEYS)) == added
        assert sum(length for *_, length in shelf.runs()) == added.total()
        assert max(Counter(level for _, level, _ in shelf.runs()).values(), default=0) < fanout


@SMALL
@given(BATCHES, WANTED, st.integers(1, 5), st.integers(2, 4))
def test_an_index_that_is_made_anew_finds_the_same(lasting_shelf, batches, wanted, block, fanout):
    with emptied(lasting_shelf, block=block, fanout=fanout) as shelf:
        for batch in batches:
            shelf.add(*batch)
        before = set(shelf.find(*wanted))
        with transaction(shelf.db):
            shelf.index.rebuild(shelf.db)
        assert set(shelf.find(*wanted)) == before


@SMALL
@given(st.integers(0, 2**32), st.integers(1, 400))
def test_random_keys_are_found_and_their_neighbours_are_not(lasting_shelf, seed, count):
    random = np.random.default_rng(seed)
    keys = random.integers(0, GREATEST, count, np.uint64, endpoint=True)
    with emptied(lasting_shelf, block=64, fanout=3) as shelf:
        for batch in np.array_split(keys, 7):
            shelf.add(*((key, key % 1000) for key in batch.tolist()))
        assert set(shelf.find(*keys.tolist())) == {(key, key % 1000) for key in keys.tolist()}
        others = (keys ^ np.uint64(1))[~np.isin(keys ^ np.uint64(1), keys)]
        assert shelf.find(*others.tolist()) == []


def test_the_least_and_the_greatest_key_are_found_alone_in_a_run_and_at_the_ends_of_one(shelf):
    shelf.add((GREATEST, 1))
    shelf.add((0, 2))
    shelf.add((5, 3), (0, 4), (GREATEST, 5))
    assert shelf.find(GREATEST, 0) == [(0, 2), (0, 4), (GREATEST, 1), (GREATEST, 5)]


def test_nothing_is_found_in_an_empty_index_and_for_no_keys(shelf):
    assert shelf.find(1, 2) == []
    shelf.add()
    assert (shelf.find(1), shelf.files()) == ([], [])
    shelf.add((1, 1))
    assert shelf.find() == []


def test_a_key_with_very_many_values_is_found_with_all_of_them(shelf, monkeypatch):
    monkeypatch.setattr(key_index, "_BLOCK", 1000)
    shelf.add(*((9, value) for value in range(5000)), (8, 0), (10, 0))
    assert shelf.find(9) == [(9, value) for value in range(5000)]


def test_several_indexes_in_one_folder_do_not_touch_each_other(shelf):
    # One's name begins with the other's.
    other = Shelf(shelf.db, shelf.folder.with_name("warehouse.duckdb"), name="shelf_of_another")
    shelf.add((1, 1))
    other.add((1, 2))
    with transaction(shelf.db):
        shelf.index.clear(shelf.db)
    shelf.add((2, 1))
    assert (shelf.find(1, 2), other.find(1, 2)) == ([(2, 1)], [(1, 2)])
    assert len(shelf.files()) == 2


# Transactions


@contextmanager
def rolled_back(shelf: Shelf) -> Iterator[None]:
    """A transaction that something ends in the middle."""
    shelf.db.execute("BEGIN")
    yield
    shelf.db.execute("ROLLBACK")


def test_a_rolled_back_transaction_leaves_the_index_as_it_was_and_its_file_goes_with_the_next_addition(shelf):
    shelf.add((1, 1))
    before = shelf.files()
    with rolled_back(shelf):
        shelf.index.add(shelf.db, *arrays([(2, 2)]))
        assert shelf.find(1, 2) == [(1, 1), (2, 2)]
    assert shelf.find(1, 2) == [(1, 1)]
    assert len(shelf.files()) == 2
    shelf.add((3, 3))
    assert shelf.find(1, 2, 3) == [(1, 1), (3, 3)]
    assert len(shelf.files()) == 2
    assert set(before) < set(shelf.files())


def test_a_merge_that_is_rolled_back_loses_nothing(shelf, monkeypatch):
    monkeypatch.setattr(key_index, "_FANOUT", 3)
    shelf.add((1, 1))
    shelf.add((2, 2))
    with rolled_back(shelf):
        shelf.index.add(shelf.db, *arrays([(3, 3)]))
        assert [level for _, level, _ in shelf.runs()] == [1]
    assert shelf.find(1, 2, 3) == [(1, 1), (2, 2)]
    assert shelf.readings == 0
    shelf.add((4, 4))
    assert shelf.find(1, 2, 3, 4) == [(1, 1), (2, 2), (4, 4)]


def test_a_merge_and_a_further_addition_that_are_rolled_back_together_lose_nothing(shelf, monkeypatch):
    monkeypatch.setattr(key_index, "_FANOUT", 3)
    shelf.add((1, 1))
    shelf.add((2, 2))
    with rolled_back(shelf):
        shelf.index.add(shelf.db, *arrays([(3, 3)]))
        shelf.index.add(shelf.db, *arrays([(4, 4)]))
    assert shelf.find(1, 2, 3, 4) == [(1, 1), (2, 2)]


def test_merged_files_stay_until_the_next_addition(shelf, monkeypatch):
    monkeypatch.setattr(key_index, "_FANOUT", 3)
    for key in (1, 2):
        shelf.add((key, key))
    small = shelf.files()
    shelf.add((3, 3))
    [(merged, level, length)] = shelf.runs()
    assert (level, length) == (1, 3)
    assert {*small, merged} < set(shelf.files())
    shelf.add((4, 4))
    assert len(shelf.files()) == 2
    assert set(shelf.files()) == {run for run, *_ in shelf.runs()}
    assert shelf.find(1, 2, 3, 4) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_many_small_runs_become_few_of_rising_sizes(shelf, monkeypatch):
    monkeypatch.setattr(key_index, "_FANOUT", 3)
    for number in range(26):
        shelf.add((number, number))
    # 26 is 222 in base three.
    assert Counter((level, length) for _, level, length in shelf.runs()) == {(0, 1): 2, (1, 3): 2, (2, 9): 2}
    assert shelf.find(*range(26)) == [(number, number) for number in range(26)]


def test_an_index_that_was_cleared_has_nothing_and_its_files_go_with_the_next_addition(shelf):
    shelf.add((1, 1), (2, 2))
    with transaction(shelf.db):
        shelf.index.clear(shelf.db)
    assert shelf.find(1, 2) == []
    shelf.add((3, 3))
    assert shelf.find(1, 2, 3) == [(3, 3)]
    assert len(shelf.files()) == 1


def test_clearing_that_is_rolled_back_clears_nothing(shelf):
    shelf.add((1, 1))
    with rolled_back(shelf):
        shelf.index.clear(shelf.db)
    assert (shelf.find(1), shelf.readings) == ([(1, 1)], 0)


# Damage


def lose_the_folder(shelf: Shelf, _file: Path) -> None:
    shutil.rmtree(shelf.folder)


def lose_a_file(_shelf: Shelf, file: Path) -> None:
    file.unlink()


def cut_a_file_short(_shelf: Shelf, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def empty_a_file(_shelf: Shelf, file: Path) -> None:
    file.write_bytes(b"")


def put_another_in_its_place(_shelf: Shelf, file: Path) -> None:
    file.write_bytes(file.read_bytes() * 2)


DAMAGES = pytest.mark.parametrize(
    "damage", [lose_the_folder, lose_a_file, cut_a_file_short, empty_a_file, put_another_in_its_place]
)


@DAMAGES
def test_a_damaged_index_is_made_anew_from_its_table_when_it_is_asked(shelf, damage):
    shelf.add((1, 1), (2, 2), (2, 3))
    shelf.add((GREATEST, 4))
    damage(shelf, shelf.folder / shelf.runs()[0][0])
    assert shelf.find(1, 2, GREATEST) == [(1, 1), (2, 2), (2, 3), (GREATEST, 4)]
    assert shelf.readings == 1
    assert shelf.find(2) == [(2, 2), (2, 3)]
    assert shelf.readings == 1
    assert set(shelf.files()) == {run for run, *_ in shelf.runs()}


@DAMAGES
def test_a_damaged_index_is_made_anew_before_anything_is_added_to_it(shelf, damage):
    shelf.add((1, 1), (2, 2))
    damage(shelf, shelf.folder / shelf.runs()[0][0])
    shelf.add((3, 3))
    # The table held the new pair by then, so it is there twice: too many are allowed, too few are not.
    assert set(shelf.find(1, 2, 3)) == {(1, 1), (2, 2), (3, 3)}
    assert shelf.readings == 1


def test_making_an_index_anew_that_is_rolled_back_is_done_again(shelf):
    shelf.add((1, 1), (2, 2))
    lose_the_folder(shelf, shelf.folder)
    with rolled_back(shelf):
        assert shelf.find(1) == [(1, 1)]
    assert shelf.find(1, 2) == [(1, 1), (2, 2)]
    assert shelf.readings == 2


def test_a_file_that_is_not_listed_counts_for_nothing_and_goes(shelf):
    shelf.add((1, 1))
    listed = shelf.folder / shelf.files()[0]
    shutil.copy(listed, shelf.folder / "shelf.0123")
    assert shelf.find(1) == [(1, 1)]
    shelf.add((2, 2))
    assert not (shelf.folder / "shelf.0123").exists()
    assert listed.exists()


# Values


def test_days_come_back_as_they_went_in_whatever_the_time_of_day():
    moments = np.array(["1970-01-01T00:00", "2026-11-20T23:59:59.999999", "2149-06-06T00:00"], "datetime64[us]")
    assert day_numbers(moments).tolist() == [0, day_number(date(2026, 11, 20)), 2**16 - 1]
    assert dates(day_numbers(moments[[1, 2, 1]])) == [date(2026, 11, 20), date(2149, 6, 6)]
    assert dates(day_numbers(np.empty(0, "datetime64[us]"))) == []


def test_the_keys_of_a_day_are_distinct_and_in_order():
    keys, values = on_day(np.array([3, GREATEST, 3, 0], np.uint64), date(1970, 1, 11))
    assert (keys.tolist(), values.tolist()) == ([0, 3, GREATEST], [10, 10, 10])


@given(st.lists(st.integers(0, GREATEST)))
def test_distinct_keys_are_those_of_a_set_in_order(keys):
    found = distinct(np.array(keys, np.uint64))
    assert (found.tolist(), found.dtype) == (sorted(set(keys)), np.uint64)


def test_a_merge_that_is_rolled_back_after_a_further_addition_costs_no_reading_of_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(key_index, "_FANOUT", 2)
    readings = []
    index = KeyIndex("x", lambda _db: readings.append(1) or iter(()))

    def pair(key: int):
        return np.array([key], np.uint64), np.array([key], np.uint32)

    with Warehouse(tmp_path / "w.duckdb", tmp_path).connection() as db:
        with transaction(db):
            index.add(db, *pair(1))
        db.execute("BEGIN")
        index.add(db, *pair(2))  # merges 1 and 2
        index.add(db, *pair(3))
        db.execute("ROLLBACK")
        index.find(db, pair(1)[0])
    assert readings == []
