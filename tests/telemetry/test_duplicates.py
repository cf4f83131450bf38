"""Duplicates are found however long ago an event was delivered, whether the key indexes are there or have to be made anew."""

import json
import shutil
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets import key_index
from assets.key_index import KeyIndex, day_number, key_folder
from assets.telemetry.keys import IDENTITIES, THREADS

FIRST = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def small_runs(monkeypatch):
    """Merges and borders of blocks among a handful of keys."""
    monkeypatch.setattr(key_index, "_BLOCK", 3)
    monkeypatch.setattr(key_index, "_FANOUT", 3)


def day(number: int) -> date:
    """Delivery days that are ten days apart."""
    return FIRST + timedelta(days=10 * number)


def event(identity: str, operation: str = "op", source: str = "/fleet") -> bytes:
    document = {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": "dev.upgradeslo.operation.started",
        "time": "2025-12-31T08:00:00Z",
        "data": {"operation_id": operation, "cluster_id": "c", "scope": "addon"},
    }
    return json.dumps(document).encode() + b"\n"


def deliver(zone, number: int, *identities: str, name: str = "a.ndjson") -> None:
    zone.deliver(day(number), name, b"".join(event(each) for each in identities))


def lose_indexes(zone) -> None:
    shutil.rmtree(key_folder(zone.root / "warehouse.duckdb"), ignore_errors=True)


def places(zone) -> dict[str, tuple[int, str]]:
    """By id, the number of the day and the name of the file whose event counts."""
    found = {}
    for row in zone.events():
        _, delivery_day, name = row.path.split("/")
        assert row.event.id not in found
        found[row.event.id] = ((date.fromisoformat(delivery_day) - FIRST).days // 10, name)
    return found


def assert_indexes_miss_nothing(zone) -> None:
    """Every event is named by both indexes with the day of its delivery."""
    rows = zone.query("SELECT identity, thread_key, delivery_day FROM telemetry.events")
    for index, column in ((IDENTITIES, 0), (THREADS, 1)):
        assert {(row[column], day_number(row[2])) for row in rows} <= pairs_of(zone, index, [row[column] for row in rows])


def pairs_of(zone, index: KeyIndex, keys: list[int]) -> set[tuple[int, int]]:
    with zone.transaction() as db:
        found, values = index.find(db, np.array(keys, np.uint64))
    return set(zip(found.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("is_lost", [False, True], ids=["with the indexes", "with indexes that are made anew"])
def test_an_event_that_comes_again_on_every_later_day_is_a_duplicate_each_time(zone, is_lost):
    for number in range(12):
        if is_lost:
            lose_indexes(zone)
        # Day n brings its own event and those of all days before.
        deliver(zone, number, *(f"e{each}" for each in range(number + 1)))
        zone.take_in(day(number))
        assert zone.counts(f"canonical/{day(number)}/a.ndjson").get("duplicate", 0) == number
    assert places(zone) == {f"e{number}": (number, "a.ndjson") for number in range(12)}
    assert_indexes_miss_nothing(zone)


@pytest.mark.parametrize("is_lost", [False, True], ids=["with the indexes", "with indexes that are made anew"])
def test_a_late_file_of_months_ago_takes_its_events_back_from_the_later_delivery(zone, is_lost):
    for number in (1, 5, 9):
        deliver(zone, number, f"e{number}", "common")
    zone.take_in(day(9))
    assert places(zone)["common"] == (1, "a.ndjson")
    if is_lost:
        lose_indexes(zone)
    deliver(zone, 0, "e9", "common")
    run = zone.take_in(day(9))
    assert run.restated == (
        f"landing/canonical/{day(0)}/a.ndjson holds what was taken in from a later delivery; its day is taken in anew.",
    )
    assert places(zone) == {"e9": (0, "a.ndjson"), "common": (0, "a.ndjson"), "e1": (1, "a.ndjson"), "e5": (5, "a.ndjson")}
    assert_indexes_miss_nothing(zone)


def test_an_event_whose_delivery_is_gone_is_new_though_the_index_names_its_day(zone):
    deliver(zone, 0, "a", "b")
    zone.take_in(day(0))
    deliver(zone, 0, "b")
    deliver(zone, 1, "a", "b")
    zone.take_in(day(1))
    assert places(zone) == {"b": (0, "a.ndjson"), "a": (1, "a.ndjson")}
    [(identity,)] = zone.query("SELECT identity FROM telemetry.events WHERE id = 'a'")
    assert pairs_of(zone, IDENTITIES, [identity]) == {(identity, day_number(day(0))), (identity, day_number(day(1)))}


def test_an_id_of_another_source_is_another_event(zone):
    zone.deliver(day(0), "a.ndjson", event("a", source="/one"))
    zone.take_in(day(0))
    zone.deliver(day(1), "a.ndjson", event("a", source="/other") + event("a", source="/one"))
    zone.take_in(day(1))
    assert [(row.event.source, row.path) for row in zone.events()] == [
        ("/one", f"canonical/{day(0)}/a.ndjson"),
        ("/other", f"canonical/{day(1)}/a.ndjson"),
    ]


def test_a_thousand_duplicates_among_new_events_are_all_found(zone):
    deliver(zone, 0, *(str(number) for number in range(0, 3000, 3)))
    zone.take_in(day(0))
    deliver(zone, 1, *(str(number) for number in range(3000)), *(str(number) for number in range(0, 3000, 2)))
    zone.take_in(day(1))
    # 1000 were known and 1500 come twice within the day.
    assert zone.counts(f"canonical/{day(1)}/a.ndjson") == {"lines": 4500, "records": 4500, "accepted": 2000, "duplicate": 2500}
    assert sorted(int(row.event.id) for row in zone.events()) == list(range(3000))


FILES = st.tuples(st.integers(0, 5), st.sampled_from(["a.ndjson", "b.ndjson"]), st.lists(st.sampled_from("tuvwxyz"), max_size=6))


# Few, because each builds a warehouse and changes it again and again.
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(FILES, st.booleans()), min_size=1, max_size=10))
def test_the_first_delivery_of_each_event_counts_in_whatever_order_files_come_and_change(new_zone, steps):
    zone = new_zone()
    delivered: dict[tuple[int, str], list[str]] = {}
    for (number, name, identities), is_lost in steps:
        if is_lost:
            lose_indexes(zone)
        delivered[number, name] = identities
        deliver(zone, number, *identities, name=name)
        zone.take_in(day(5))
        expected: dict[str, tuple[int, str]] = {}
        for place, found in sorted(delivered.items()):
            for identity in found:
                expected.setdefault(identity, place)
        assert places(zone) == expected
    assert_indexes_miss_nothing(zone)
