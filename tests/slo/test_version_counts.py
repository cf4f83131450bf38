"""Counts by provider and version: those of the status, taken apart another way."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from assets.slo.objectives import Objectives
from assets.slo.version_counts import version_counts
from tests.data.made_objectives import objectives, ratio, threshold
from tests.data.small_home import SmallHome, day, event, small_home

COUNTS = ("good", "bad", "pending", "excluded")
DAY, NEXT = "2026-11-20", "2026-11-21"


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


def counted(home: SmallHome, upto: str, wanted: Objectives) -> list[tuple[Any, ...]]:
    """The counts as of the end of that day, with the tables brought there."""
    home.take_in(upto)
    home.fold(upto)
    home.count(upto, wanted)
    return version_counts(home.db, day=day(upto), objectives=wanted).rows()


def test_there_is_a_row_per_objective_provider_and_version(home):
    home.deliver(
        DAY,
        event("succeeded", "2026-11-20 09:00", operation="1", provider="aks", to_version="1.31.2"),
        event("failed", "2026-11-20 09:00", operation="2", provider="aks", to_version="1.31.2", region="east"),
        event("succeeded", "2026-11-20 09:00", operation="3", provider="gke", to_version="1.31.2"),
        event("started", "2026-11-20 09:00", operation="4", provider="gke", to_version="1.31.2"),
        event("skipped", "2026-11-20 09:00", operation="5", provider="gke", to_version="1.30.9"),
        event("succeeded", "2026-11-20 09:00", operation="6"),
    )
    wanted = objectives(ratio(), ratio(name="failed", total_where="(\"state\" = 'failed') IS TRUE"))
    assert counted(home, DAY, wanted) == [
        # slo, provider, to_version; good, bad, pending, excluded
        ("success", "aks", "1.31.2", 1, 1, 0, 0),
        ("success", "gke", "1.30.9", 0, 0, 0, 1),
        ("success", "gke", "1.31.2", 1, 0, 1, 0),
        ("success", "unknown", "unknown", 1, 0, 0, 0),
        ("failed", "aks", "1.31.2", 0, 1, 0, 0),
    ]


def test_an_objective_is_counted_over_its_own_window_as_of_the_end_of_the_day(home):
    home.deliver(
        NEXT,
        event("started", "2026-11-20 23:59", operation="1", provider="aks", to_version="1.31.2"),
        event("started", "2026-11-21 00:00", operation="2", provider="aks", to_version="1.31.2"),
    )
    wanted = objectives(ratio(window="1d", window_days=1), ratio(name="two", window="2d", window_days=2))
    assert counted(home, NEXT, wanted) == [
        # The first has run for 24 h and a minute at the end of the 21st, the second for exactly the 24 h of the deadline.
        ("success", "aks", "1.31.2", 0, 1, 0, 0),
        ("two", "aks", "1.31.2", 0, 2, 0, 0),
    ]


def test_the_rows_of_an_objective_add_up_to_the_fleet_of_its_status(home):
    versions, providers = ("1.31.2", "1.30.9", None), ("aks", "gke")
    for number in range(60):
        given = {"to_version": versions[number % 3], "provider": providers[number % 2]}
        about = {name: value for name, value in given.items() if value} | {"operation": str(number)}
        ending = ("succeeded", "failed", "cancelled")[number // 3 % 3]
        home.deliver(
            (DAY, NEXT)[number % 2],
            event("started", f"2026-11-{20 + number % 2} 08:{number % 60:02}", **about),
            *([event(ending, f"2026-11-{20 + number % 2} 10:00", **about)] if number % 5 else []),
            name=f"{number}.ndjson",
        )
    wanted = objectives(
        ratio(),
        ratio(name="short", window="1d", window_days=1),
        ratio(name="versionless", total_where='("to_version" IS NULL) IS TRUE'),
        threshold("lte", 6000.0),
    )
    sums: dict[str, Counter[str]] = {}
    for slo, _, _, *counts in counted(home, NEXT, wanted):
        sums.setdefault(slo, Counter()).update(dict(zip(COUNTS, counts, strict=True)))
    fleet = {
        row["slo"]: Counter({name: row[name] for name in COUNTS})
        for row in home.status(NEXT, wanted)
        if row["slice_by"] == "" and row["window"] == {"short": "1d"}.get(row["slo"], "28d")
    }
    assert sums == fleet
    assert sum(sums["versionless"].values()) == 20  # every third operation


def test_without_objectives_or_operations_there_is_no_row(home):
    home.deliver(DAY)
    assert counted(home, DAY, objectives(ratio())) == []
    assert counted(home, DAY, objectives()) == []
