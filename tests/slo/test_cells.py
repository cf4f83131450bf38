"""Cells: what is counted for a start-day, which days are counted again, and that counting less never changes the result."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.slo.cells import WrongDay
from assets.slo.objectives import Objectives
from tests.data.made_objectives import objectives, ratio, start, threshold
from tests.data.random_events import DELIVERY_DAYS, INVENTORY, deliveries
from tests.data.reference_status import OUTCOMES
from tests.data.small_home import Row, SmallHome, day, event, small_home

DAY, NEXT, THIRD = DELIVERY_DAYS
SUCCESS = objectives(ratio())
# Deadlines and limits that pass between the moments of the random events and the ends of their days.
VARIOUS = objectives(
    ratio(name="day"),
    ratio(name="hour", deadline_seconds=3600, slice_by=("scope",)),
    ratio(name="pool", total_where="(\"scope\" = 'node_pool') IS TRUE", slice_by=("trigger", "to_minor", "provider", "region")),
    ratio(name="unknown-version", total_where='("to_version" IS NULL) IS TRUE'),
    threshold("lte", 1800.0, name="quick"),
    threshold("lt", 3600.0, name="quicker", failed="excluded"),
    threshold("gte", 1800.0, name="slow"),
    start("lte", 7200.0, name="late"),
)


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


def counted(home: SmallHome, upto: str, wanted: Objectives = SUCCESS):
    """Everything up to that day taken in, folded and counted."""
    home.take_in(upto)
    home.fold(upto)
    return home.count(upto, wanted)


def fleet(home: SmallHome, slo: str = "success", slice_by: str = "to_version,region,workload_type") -> dict[str, dict[str, int]]:
    """The counts that are not 0, per start-day, over all cells of a slicing."""
    days: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in home.cells():
        if (cell["slo"], cell["slice_by"]) == (slo, slice_by):
            days[cell["day"].isoformat()].update({name: cell[name] for name in OUTCOMES})
    return {each: {name: number for name, number in counts.items() if number} for each, counts in days.items()}


def test_there_is_a_cell_per_value_of_the_finest_slice_and_per_value_of_each_lone_dimension(home):
    place = {"region": "west", "to_version": "1.31.2", "workload_type": "batch", "trigger": "ci", "provider": "aks"}
    home.deliver(
        DAY,
        event("succeeded", "2026-11-20 09:00", operation="1", **place),
        event("failed", "2026-11-20 09:00", operation="2", **place),
        event("started", "2026-11-20 09:00", operation="3", scope="addon", **place | {"region": "east"}),
        event("skipped", "2026-11-20 09:00", operation="4", scope="cluster"),
    )
    assert counted(home, DAY).cells == 3 + 2 + 3 + 2 + 2
    cells = home.cells()
    dimensions = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
    found = {
        tuple(cell[name] for name in ("slice_by", *dimensions)): tuple(cell[name] for name in OUTCOMES)
        for cell in cells
    }  # fmt: skip
    assert found == {
        # slice_by, then the dimensions; good, bad, pending, excluded
        ("to_version,region,workload_type", "1.31.2", None, "west", "batch", None, None, None): (1, 1, 0, 0),
        ("to_version,region,workload_type", "1.31.2", None, "east", "batch", None, None, None): (0, 0, 1, 0),
        ("to_version,region,workload_type", "unknown", None, "unknown", "unknown", None, None, None): (0, 0, 0, 1),
        ("to_minor", None, "1.31", None, None, None, None, None): (1, 1, 1, 0),
        ("to_minor", None, "unknown", None, None, None, None, None): (0, 0, 0, 1),
        ("scope", None, None, None, None, None, "node_pool", None): (1, 1, 0, 0),
        ("scope", None, None, None, None, None, "addon", None): (0, 0, 1, 0),
        ("scope", None, None, None, None, None, "cluster", None): (0, 0, 0, 1),
        ("trigger", None, None, None, None, "ci", None, None): (1, 1, 1, 0),
        ("trigger", None, None, None, None, "unknown", None, None): (0, 0, 0, 1),
        ("provider", None, None, None, None, None, None, "aks"): (1, 1, 1, 0),
        ("provider", None, None, None, None, None, None, "unknown"): (0, 0, 0, 1),
    }
    assert {(cell["day"], cell["slo"]) for cell in cells} == {(day(DAY), "success")}


def test_a_condition_on_a_missing_version_sees_it_missing_though_its_slice_says_unknown(home):
    home.deliver(
        DAY,
        event("succeeded", "2026-11-20 09:00", operation="without"),
        event("succeeded", "2026-11-20 09:00", operation="said", to_version="unknown"),
        event("succeeded", "2026-11-20 09:00", operation="with", to_version="1.31.2"),
    )
    counted(
        home,
        DAY,
        objectives(
            ratio(name="missing", total_where='("to_version" IS NULL) IS TRUE'),
            ratio(name="good-when-missing", good_where='("to_version" IS NULL) IS TRUE'),
            ratio(name="all"),
        ),
    )
    assert fleet(home, "missing") == {DAY: {"good": 1}}
    assert fleet(home, "good-when-missing") == {DAY: {"good": 1, "bad": 2}}
    versions = {cell["to_version"]: cell["good"] for cell in home.cells() if cell["slo"] == "all" and cell["to_version"]}
    assert versions == {"unknown": 2, "1.31.2": 1}


def test_a_slo_with_no_operation_of_its_own_has_no_cells(home):
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    counted(home, DAY, objectives(ratio(), ratio(name="none", total_where="FALSE")))
    assert {cell["slo"] for cell in home.cells()} == {"success"}


def test_a_day_without_operations_has_no_cells(home):
    home.deliver(DAY)
    found = counted(home, DAY)
    assert (found.days, found.cells, home.cells()) == (0, 0, [])


# Which days are counted again


def test_days_without_change_and_without_running_operations_are_not_counted_again(home):
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    home.deliver(NEXT, event("succeeded", "2026-11-21 09:00", operation="2"))
    assert counted(home, DAY).days == 1
    assert home.count(DAY, SUCCESS).days == 0
    assert counted(home, NEXT).days == 1
    assert fleet(home) == {DAY: {"good": 1}, NEXT: {"good": 1}}


def test_pending_becomes_bad_when_the_deadline_passes_though_nothing_is_delivered(home):
    home.deliver(DAY, event("started", "2026-11-20 00:00:00.000001"), event("started", "2026-11-20 00:00", operation="older"))
    home.deliver(NEXT)
    home.deliver(THIRD)
    counted(home, DAY)
    # At the end of the day one is 24 hours old, the other a microsecond younger.
    assert fleet(home) == {DAY: {"bad": 1, "pending": 1}}
    assert counted(home, NEXT).days == 1
    assert fleet(home) == {DAY: {"bad": 2}}
    # From then on it stays bad and is left alone.
    assert counted(home, THIRD).days == 0


def test_pending_becomes_bad_when_a_limit_passes_at_the_very_instant_of_the_last_count(home):
    # Exactly a day old at the first count: at most a day is still possible then, and no longer at the second.
    home.deliver(DAY, event("started", "2026-11-20 00:00"))
    home.deliver(NEXT)
    limit = objectives(threshold("lte", 86_400.0, name="success"))
    counted(home, DAY, limit)
    assert fleet(home) == {DAY: {"pending": 1}}
    counted(home, NEXT, limit)
    assert fleet(home) == {DAY: {"bad": 1}}


def test_a_scheduled_operation_becomes_bad_when_its_day_has_passed_though_nothing_is_delivered(home):
    home.deliver(DAY, event("scheduled", "2026-11-20 08:00"))
    home.deliver(NEXT)
    home.deliver(THIRD)
    late = objectives(start("lte", 86_400.0, name="success"))
    counted(home, DAY, late)
    assert fleet(home) == {DAY: {"pending": 1}}
    assert counted(home, NEXT, late).days == 1
    assert fleet(home) == {DAY: {"bad": 1}}
    # From then on it stays bad and is left alone.
    assert counted(home, THIRD, late).days == 0


def test_an_operation_that_begins_late_is_counted_on_the_day_it_began_and_no_more_on_its_schedules(home):
    home.deliver(DAY, event("scheduled", "2026-11-20 08:00"))
    home.deliver(NEXT, event("started", "2026-11-21 08:00"))
    on_time = objectives(start("lte", 86_400.0, name="success"))
    counted(home, DAY, on_time)
    assert fleet(home) == {DAY: {"pending": 1}}
    counted(home, NEXT, on_time)
    assert fleet(home) == {NEXT: {"good": 1}}


def test_bad_becomes_pending_again_when_an_earlier_day_is_looked_at(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00"))
    home.deliver(NEXT)
    home.deliver(THIRD)
    counted(home, THIRD)
    assert fleet(home) == {DAY: {"bad": 1}}
    counted(home, DAY)
    assert fleet(home) == {DAY: {"pending": 1}}


def test_the_longest_wait_of_all_objectives_decides_how_far_back_running_operations_are_looked_at(home):
    home.deliver(DAY, event("started", "2026-11-10 08:00"))
    home.deliver(NEXT)
    slow = objectives(ratio(), threshold("lte", 11.5 * 86_400, name="slow"))
    counted(home, DAY, slow)
    assert (fleet(home, "success"), fleet(home, "slow")) == ({"2026-11-10": {"bad": 1}}, {"2026-11-10": {"pending": 1}})
    counted(home, NEXT, slow)
    assert fleet(home, "slow") == {"2026-11-10": {"bad": 1}}


def test_folds_between_two_counts_are_all_counted(home):
    home.deliver(DAY, event("succeeded", "2026-11-19 09:00"))
    home.deliver(NEXT, event("failed", "2026-11-20 09:00", operation="2"))
    home.deliver(THIRD, event("failed", "2026-11-19 10:00"))
    counted(home, DAY)
    home.take_in(THIRD)
    for upto in (NEXT, THIRD):
        home.fold(upto)
    assert home.count(THIRD, SUCCESS).days == 2
    assert fleet(home) == {"2026-11-19": {"bad": 1}, DAY: {"bad": 1}}


def test_an_operation_that_moves_to_another_day_leaves_no_cell_behind(home):
    home.deliver(DAY, event("started", "2026-11-20 00:10"), event("succeeded", "2026-11-20 00:20"))
    home.deliver(NEXT, event("started", "2026-11-19 23:50"))
    counted(home, DAY)
    assert fleet(home) == {DAY: {"good": 1}}
    counted(home, NEXT)
    assert fleet(home) == {"2026-11-19": {"good": 1}}


def test_other_objectives_count_every_day_again_and_leave_nothing_of_the_old_ones(home):
    home.deliver(DAY, event("succeeded", "2026-11-01 09:00"), event("failed", "2026-11-20 09:00", operation="2"))
    counted(home, DAY)
    renamed = objectives(ratio(name="renamed", good_where="TRUE"))
    assert home.count(DAY, renamed).days == 2
    assert {cell["slo"] for cell in home.cells()} == {"renamed"}
    assert fleet(home, "renamed") == {"2026-11-01": {"good": 1}, DAY: {"good": 1}}


def test_other_code_counts_every_day_again(home, monkeypatch):
    home.deliver(DAY, event("succeeded", "2026-11-01 09:00"), event("failed", "2026-11-20 09:00", operation="2"))
    counted(home, DAY)
    assert home.count(DAY, SUCCESS).days == 0
    monkeypatch.setattr("assets.slo.cells.code_sha256", lambda _package: "another rule")
    assert home.count(DAY, SUCCESS).days == 2


def test_cells_are_not_counted_from_operations_of_another_day(home):
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    with pytest.raises(WrongDay, match=r"stand at no day yet; needed: 2026-11-20\..*upgrade-slo run --date 2026-11-20"):
        home.count(DAY, SUCCESS)
    counted(home, DAY)
    with pytest.raises(WrongDay, match="the operations stand at 2026-11-20; needed: 2026-11-21"):
        home.count(NEXT, SUCCESS)


# Properties over small sets of events

SMALL = settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SMALL
@given(
    deliveries(),
    st.lists(st.tuples(st.sampled_from(DELIVERY_DAYS), st.booleans()), min_size=1, max_size=4),
    st.sampled_from(DELIVERY_DAYS),
)
def test_cells_are_those_of_a_count_from_scratch_whichever_days_were_counted_before(tmp_path_factory, days, path, last):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        home.inventory(*INVENTORY)
        for delivery_day, events in days.items():
            home.deliver(delivery_day, *events)
        home.take_in(THIRD)
        for upto, is_counted in [*path, (last, True)]:
            home.fold(upto)
            if is_counted:
                home.count(upto, VARIOUS)
        travelled = home.cells()
        home.start_again()
        home.fold(last)
        home.count(last, VARIOUS)
        assert travelled == home.cells()


@SMALL
@given(deliveries())
def test_every_slicing_of_a_days_cells_adds_up_to_the_days_operations(tmp_path_factory, days):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        for delivery_day, events in days.items():
            home.deliver(delivery_day, *events)
        home.take_in(THIRD)
        home.fold(THIRD)
        home.count(THIRD, VARIOUS)
        operations = Counter(row["day"] for row in home.operations())
        slicings: dict[tuple[str, str], Counter[object]] = defaultdict(Counter)
        outcomes: dict[tuple[str, object], set[tuple[int, ...]]] = defaultdict(set)
        grouped: dict[tuple[str, object, str], list[Row]] = defaultdict(list)
        for cell in home.cells():
            slicings[cell["slo"], cell["slice_by"]][cell["day"]] += sum(cell[name] for name in OUTCOMES)
            grouped[cell["slo"], cell["day"], cell["slice_by"]].append(cell)
        for (slo, start_day, _), cells in grouped.items():
            outcomes[slo, start_day].add(tuple(sum(cell[name] for cell in cells) for name in OUTCOMES))
        for (slo, _), counts in slicings.items():
            if slo not in ("pool", "unknown-version"):
                assert counts == operations
        assert all(len(each) == 1 for each in outcomes.values())


def test_the_deadline_is_compared_with_the_end_of_the_report_day(home):
    # Started at 06:00: at the end of that day 18 hours old, at the end of the next 42.
    home.deliver(DAY, event("started", "2026-11-20 06:00"))
    home.deliver(NEXT)
    short = objectives(*(ratio(name=f"{hours}h", deadline_seconds=hours * 3600) for hours in (18, 19, 42, 43)))
    found = {}
    for upto in (DAY, NEXT):
        counted(home, upto, short)
        found[upto] = {slo: next(iter(fleet(home, slo)[DAY])) for slo in ("18h", "19h", "42h", "43h")}
    assert found == {
        DAY: {"18h": "bad", "19h": "pending", "42h": "pending", "43h": "pending"},
        NEXT: {"18h": "bad", "19h": "bad", "42h": "bad", "43h": "pending"},
    }
