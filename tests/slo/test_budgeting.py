"""Budgets of every kind over windows of every kind: examples worked out by hand, and a plain reading of the rules at random."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from scipy import stats

from assets.slo.objectives import Calendar, Objective
from tests.data.made_objectives import objectives, ratio, threshold
from tests.data.small_home import Row, SmallHome, at, event, small_home

DAY = "2026-11-20"
YEAR_2026 = datetime(2026, 1, 1)  # noqa: DTZ001 - as the clocks of the zone show it
BERLIN = Calendar(YEAR_2026, "Europe/Berlin", 1, 0)
COUNTS = ("good", "bad", "pending", "excluded", "total")


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


def ran(start: str, state: str = "succeeded", *, minutes: int = 10, **more: str) -> list[Row]:
    """The events of an operation that started then; `running` has no end."""
    name = f"{start} {state} {more}"
    events = [event("started", start, operation=name, cluster=name, **more)]
    if state != "running":
        end = str(at(start) + timedelta(minutes=minutes))
        events.append(event(state, end, operation=name, cluster=name, **more))
    return events


def status(home: SmallHome, *wanted: Objective, upto: str = DAY) -> list[Row]:
    home.take_in(upto)
    home.fold(upto)
    home.count(upto, objectives(*wanted))
    return home.status(upto, objectives(*wanted))


def pick(rows: list[Row], window: str, slice_by: str = "", **where: str) -> Row:
    wanted = {"window": window, "slice_by": slice_by, **where}
    [row] = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def numbers(row: Row) -> tuple[int, ...]:
    return tuple(row[name] for name in COUNTS)


# Calendar windows


def test_a_month_of_another_zone_begins_with_its_own_first_hour(home):
    # December in Berlin begins on 30 November at 23:00 UTC.
    home.deliver(
        "2026-12-01",
        *ran("2026-11-05 09:00"),
        *ran("2026-11-30 22:59:59", "failed"),
        *ran("2026-11-30 23:00"),
        *ran("2026-12-01 08:00", "running"),
    )
    rows = status(home, ratio(window="1M", window_days=32, calendar=BERLIN), upto="2026-12-01")
    december = pick(rows, "1M")
    assert (december["window_start"], december["window_end"]) == (at("2026-11-30 23:00"), at("2026-12-31 23:00"))
    assert numbers(december) == (1, 0, 1, 0, 1)


def test_on_the_day_in_which_a_month_ends_its_report_has_all_of_it_and_nothing_of_the_next(home):
    home.deliver(
        "2026-11-30",
        *ran("2026-10-31 22:59:59"),
        *ran("2026-10-31 23:00", region="west"),
        *ran("2026-10-31 23:30", "failed", region="west"),
        *ran("2026-11-05 09:00", region="west"),
        *ran("2026-11-30 22:40", "failed", region="east"),
        *ran("2026-11-30 22:50", "running", region="east"),
        *ran("2026-11-30 20:00", "cancelled", region="east"),
        *ran("2026-11-30 23:00"),
    )
    rows = status(home, ratio(window="1M", window_days=32, calendar=BERLIN, slice_by=("region",)), upto="2026-11-30")
    november = pick(rows, "1M")
    assert (november["window_start"], november["window_end"]) == (at("2026-10-31 23:00"), at("2026-11-30 23:00"))
    assert numbers(november) == (2, 2, 1, 1, 4)
    assert november["sli"] == 0.5
    assert numbers(pick(rows, "1M", "region", region="west")) == (2, 1, 0, 0, 3)
    assert numbers(pick(rows, "1M", "region", region="east")) == (0, 1, 1, 1, 1)
    assert numbers(pick(rows, "1M", "scope", scope="node_pool")) == (2, 2, 1, 1, 4)
    assert numbers(pick(rows, "1d")) == (1, 1, 1, 1, 2)  # the look-backs keep to days in UTC
    keys = [
        tuple(row[name] for name in ("window", "slice_by", "region", "scope", "to_minor", "trigger", "provider")) for row in rows
    ]
    assert len(set(keys)) == len(keys)


def test_part_way_through_a_month_the_counts_are_those_so_far(home):
    home.deliver(DAY, *ran("2026-11-02 10:00"), *ran("2026-11-20 23:30", "failed"))
    home.deliver("2026-11-21", *ran("2026-11-21 00:00"))
    monthly = ratio(window="1M", window_days=32, calendar=Calendar(YEAR_2026, "UTC", 1, 0))
    row = pick(status(home, monthly), "1M")
    assert (row["window_start"], row["window_end"]) == (at("2026-11-01 00:00"), at("2026-12-01 00:00"))
    assert numbers(row) == (1, 1, 0, 0, 2)
    assert numbers(pick(status(home, monthly, upto="2026-11-21"), "1M")) == (2, 1, 0, 0, 3)


def test_before_the_first_period_there_is_no_data(home):
    home.deliver(DAY, *ran("2026-11-02 10:00"))
    later = ratio(window="1M", window_days=32, calendar=Calendar(at("2027-01-01 00:00"), "Europe/Berlin", 1, 0))
    row = pick(status(home, later), "1M")
    assert (row["window_start"], row["verdict"], numbers(row)) == (at("2026-12-31 23:00"), "no_data", (0, 0, 0, 0, 0))


def test_the_quantiles_of_a_month_are_of_its_own_operations(home):
    home.deliver(
        DAY,
        *ran("2026-10-31 22:30", minutes=50),
        *ran("2026-10-31 23:00", minutes=40),
        *ran("2026-11-05 09:00", minutes=20),
        *ran("2026-11-20 09:00", minutes=10),
    )
    rows = status(home, threshold(window="1M", window_days=32, calendar=BERLIN))
    assert [pick(rows, "1M")[name] for name in ("good", "p50", "p99")] == [3, 1200.0, 2400.0]
    assert [pick(rows, "28d")[name] for name in ("good", "p50", "p99")] == [4, 1200.0, 3000.0]
    assert pick(rows, "1d")["p99"] == 600.0


# Time slices

# Hours of one day: 3 of 4, 1 of 2 and 0 of 1 good; one hour with nothing but a running operation, one with a cancelled one.
HOURS = [
    *(each for minute in (0, 1, 59) for each in ran(f"2026-11-20 09:{minute:02}", region="west")),
    *ran("2026-11-20 09:30", "failed", region="east"),
    *ran("2026-11-20 10:00", region="west"),
    *ran("2026-11-20 10:30", "failed", region="west"),
    *ran("2026-11-20 11:15", "failed", region="east"),
    *ran("2026-11-20 12:15", "running", region="east"),
    *ran("2026-11-20 13:15", "cancelled", region="east"),
]


def sliced(**changes) -> Objective:
    hourly = {"budgeting_method": "Timeslices", "slice_seconds": 3600, "slice_target": 0.75, "slice_by": ("region",)}
    return ratio(**hourly | changes)


def test_timeslices_count_slices_that_reach_their_target(home):
    home.deliver(DAY, *HOURS)
    rows = status(home, sliced(target=0.5))
    fleet = pick(rows, "28d")
    # Exactly the slice's target is reached; slices without a decided operation are neither good nor bad.
    assert numbers(fleet) == (1, 2, 1, 1, 3)
    assert fleet["sli"] == 1 / 3
    assert (fleet["budget_allowed"], fleet["budget_spent"]) == (1.5, 2.0)
    assert fleet["burn_rate"] == pytest.approx((2 / 3) / 0.5)
    # The regions' slices are their own: in the west 3 of 3 and 1 of 2, in the east twice 0 of 1.
    assert numbers(pick(rows, "28d", "region", region="west")) == (1, 1, 0, 0, 2)
    assert numbers(pick(rows, "28d", "region", region="east")) == (0, 2, 1, 1, 2)
    assert numbers(pick(rows, "28d", "scope", scope="node_pool")) == numbers(pick(rows, "1d")) == (1, 2, 1, 1, 3)


def test_a_slice_holds_its_first_moment_and_not_its_last(home):
    home.deliver(DAY, *ran("2026-11-20 09:59:59"), *ran("2026-11-20 10:00", "failed"), *ran("2026-11-20 10:59:59", "failed"))
    assert numbers(pick(status(home, sliced()), "28d")) == (1, 1, 0, 0, 2)


def test_slices_begin_with_the_window_and_the_last_is_cut(home):
    # In slices of 18 hours one day has one from 00:00 and the first 6 hours of another from 18:00.
    home.deliver(DAY, *ran("2026-11-20 17:59"), *ran("2026-11-20 18:00", "failed"), *ran("2026-11-20 23:59", "failed"))
    assert numbers(pick(status(home, sliced(slice_seconds=18 * 3600)), "1d")) == (1, 1, 0, 0, 2)


def test_an_operation_without_a_start_is_in_the_slice_of_its_end(home):
    home.deliver(DAY, event("succeeded", "2026-11-20 09:10", operation="1"), *ran("2026-11-20 09:00", "failed"))
    assert numbers(pick(status(home, sliced(slice_target=0.5)), "28d")) == (1, 0, 0, 0, 1)


def test_time_slices_of_a_threshold_and_of_a_calendar(home):
    home.deliver(
        DAY,
        *ran("2026-10-31 22:59", minutes=100),  # October in Berlin
        *ran("2026-10-31 23:00", minutes=60),
        *ran("2026-11-01 00:30", minutes=61),
        *ran("2026-11-01 00:40", minutes=59),
    )
    speed = threshold(
        "lte", 3600.0, window="1M", window_days=32, calendar=BERLIN,
        budgeting_method="Timeslices", slice_seconds=3600, slice_target=1.0,
    )  # fmt: skip
    row = pick(status(home, speed), "1M")
    assert numbers(row) == (1, 1, 0, 0, 2)
    assert (row["p50"], row["p99"]) == (3600.0, 3660.0)  # of operations, not of slices


def test_ratio_timeslices_average_the_ratios_of_slices(home):
    home.deliver(DAY, *HOURS)
    rows = status(home, sliced(budgeting_method="RatioTimeslices", slice_target=None, target=0.9))
    fleet = pick(rows, "28d")
    # Good and bad are operations, the ratio is the mean of 3/4, 1/2 and 0/1 over the three slices that have one.
    assert numbers(fleet) == (4, 3, 1, 1, 7)
    assert fleet["sli"] == pytest.approx(1.25 / 3, abs=1e-12)
    assert fleet["budget_allowed"] == pytest.approx(0.3)
    assert fleet["budget_spent"] == pytest.approx(1.75)
    assert fleet["budget_remaining"] == pytest.approx(1 - 1.75 / 0.3)
    assert fleet["burn_rate"] == pytest.approx((1.75 / 3) / 0.1)
    west = pick(rows, "28d", "region", region="west")
    assert numbers(west) == (4, 1, 0, 0, 5)
    assert west["sli"] == 0.75  # of 3/3 and 1/2
    # Wilson's interval of 1.25 among 3, by the formula.
    z = stats.norm.ppf(0.975)
    centre, scale = 1.25 / 3 + z**2 / 6, 1 + z**2 / 3
    reach = z * ((1.25 / 3) * (1.75 / 3) / 3 + z**2 / 36) ** 0.5
    assert (fleet["sli_low"], fleet["sli_high"]) == (
        pytest.approx((centre - reach) / scale),
        pytest.approx((centre + reach) / scale),
    )


@pytest.mark.parametrize(
    ("hours", "state", "verdict"),
    [
        pytest.param(0, "succeeded", "no_data", id="no slice says nothing"),
        pytest.param(5, "succeeded", "undecided", id="five perfect slices are not enough for nine in ten"),
        pytest.param(29, "succeeded", "met", id="29 are, as 29 operations would be: 0.9 ** 29 < 0.05"),
        pytest.param(20, "failed", "missed", id="20 of which each lost one in two"),
    ],
)
def test_the_verdict_on_a_mean_is_that_on_as_many_slices(home, hours, state, verdict):
    starts = [str(at("2026-11-01 00:00") + timedelta(hours=number)) for number in range(hours)]
    more = [ran(start, state, region="west") + ran(start, region="east") for start in starts]
    home.deliver(DAY, *(each for events in more for each in events))
    mean = sliced(budgeting_method="RatioTimeslices", slice_target=None, target=0.9)
    assert pick(status(home, mean), "28d")["verdict"] == verdict


def test_a_mean_stands_beside_other_objectives_in_the_order_of_their_names(home):
    home.deliver(DAY, *HOURS)
    mean = sliced(name="b", budgeting_method="RatioTimeslices", slice_target=None)
    together = status(home, ratio(name="a"), mean, sliced(name="c"))
    keys = [(row["slo"], row["window"], row["slice_by"]) for row in together]
    assert keys == sorted(keys)
    assert [row for row in together if row["slo"] == "b"] == status(home, mean)
    assert {name for name, count in ((row["slo"], row["total"]) for row in together) if count} == {"a", "b", "c"}


# A plain reading of the rules

WINDOWS = {
    "28d": {},
    "1M": {"calendar": BERLIN, "window": "1M", "window_days": 32},
    "1w": {"calendar": Calendar(datetime(2026, 1, 5, 6, 30), "America/New_York", 0, 7), "window": "1w", "window_days": 8},  # noqa: DTZ001
}
METHODS = {
    "occurrences": {},
    "timeslices": {"budgeting_method": "Timeslices", "slice_seconds": 5 * 3600, "slice_target": 0.7},
    "ratio-timeslices": {"budgeting_method": "RatioTimeslices", "slice_seconds": 86_400},
}
# Worked out by hand for the report of 20 November.
BOUNDS = {
    "28d": ("2026-10-24 00:00", "2026-11-21 00:00"),
    "1M": ("2026-10-31 23:00", "2026-11-30 23:00"),
    "1w": ("2026-11-16 11:30", "2026-11-23 11:30"),
}


def test_every_method_over_every_window_agrees_with_a_plain_reading(home):
    chance = random.Random(7)  # noqa: S311 - made-up operations
    found = []
    for number in range(900):
        start = at("2026-10-22 00:00") + timedelta(minutes=30 * chance.randrange(30 * 48))
        state = chance.choices(["succeeded", "failed", "cancelled", "running"], [6, 3, 1, 1])[0]
        found.append((number, start, state, chance.choice(["west", "east", "north"])))
    events = [
        event(type_, str(start + timedelta(minutes=minutes)), operation=str(number), cluster=str(number), region=region)
        for number, start, state, region in found
        for type_, minutes in [("started", 0), *([] if state == "running" else [(state, 5)])]
    ]
    home.deliver(DAY, *events)
    wanted = [
        ratio(name=f"{method}-{window.lower()}", slice_by=("region",), **METHODS[method] | WINDOWS[window])
        for method, window in product(METHODS, WINDOWS)
    ]
    rows = status(home, *wanted)
    for objective, region in product(wanted, [None, "west", "east", "north"]):
        row = pick(
            [row for row in rows if row["slo"] == objective.name and row["region"] == region],
            objective.window, "region" if region else "",
        )  # fmt: skip
        start, end = map(at, BOUNDS[objective.window])
        assert (row["window_start"], row["window_end"]) == (start, end)
        slices: dict[int, list[str]] = defaultdict(list)
        for _number, started_at, state, place in found:
            if start <= started_at < min(end, at("2026-11-21 00:00")) and region in (None, place):
                length = timedelta(seconds=objective.slice_seconds) if objective.slice_seconds else end - start
                slices[(started_at - start) // length].append(outcome(state, started_at))
        counts, sli = plain_reading(objective, [*slices.values()])
        assert tuple(row[name] for name in COUNTS[:-1]) == counts
        assert row["sli"] == pytest.approx(float(sli), abs=1e-12)


def outcome(state: str, started_at: datetime) -> str:
    is_young = at("2026-11-21 00:00") - started_at < timedelta(hours=24)
    return {"succeeded": "good", "failed": "bad", "cancelled": "excluded", "running": "pending" if is_young else "bad"}[state]


def plain_reading(objective: Objective, slices: list[list[str]]) -> tuple[tuple[int, ...], Fraction]:
    """The four counts and the ratio, from the outcomes of each time slice."""
    ratios = [
        Fraction(each.count("good"), each.count("good") + each.count("bad")) for each in slices if {"good", "bad"} & {*each}
    ]
    if objective.budgeting_method == "Timeslices":
        good = sum(each >= Fraction("0.7") for each in ratios)
        undecided = [each for each in slices if not {"good", "bad"} & {*each}]
        pending = sum("pending" in each for each in undecided)
        return (good, len(ratios) - good, pending, len(undecided) - pending), Fraction(good, len(ratios))
    outcomes = [each for slice_ in slices for each in slice_]
    counts = tuple(outcomes.count(name) for name in COUNTS[:-1])
    return counts, sum(ratios, start=Fraction()) / len(ratios)
