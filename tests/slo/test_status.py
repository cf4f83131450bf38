"""Status: which rows there are, what each window and slice sums up, and the quantiles beside them."""

import math
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings

from assets.slo.cells import WrongDay
from assets.slo.objectives import Objectives
from assets.slo.status import windows
from tests.data.made_objectives import objectives, ratio, start, threshold
from tests.data.random_events import DELIVERY_DAYS, INVENTORY, deliveries
from tests.data.reference_status import DIMENSIONS, OUTCOMES, QUANTILES, Rule
from tests.data.reference_status import counts as reference_counts
from tests.data.reference_status import quantiles as reference_quantiles
from tests.data.reference_status import told as reference_told
from tests.data.small_home import Row, SmallHome, at, day, event, small_home

DAY = "2026-11-20"
SUCCESS = objectives(ratio())


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


def status(home: SmallHome, wanted: Objectives = SUCCESS, upto: str = DAY) -> list[Row]:
    """Everything up to that day taken in, folded, counted and summed."""
    home.take_in(upto)
    home.fold(upto)
    home.count(upto, wanted)
    return home.status(upto, wanted)


def pick(rows: list[Row], window: str = "28d", slice_by: str = "", **where: str) -> Row:
    """The one row of this window and slice."""
    wanted = {"window": window, "slice_by": slice_by, **where}
    [row] = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def key(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("slo", "window", "slice_by", *DIMENSIONS))


# Columns


def test_the_status_has_the_columns_of_the_contract_in_its_order_and_with_its_types(home):
    texts = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
    doubles_before = ("sli", "sli_low", "sli_high", "target")
    doubles_after = ("budget_allowed", "budget_spent", "budget_remaining", "burn_rate", "p50", "p90", "p95", "p99")
    expected = [
        ("report_date", "DATE"), ("slo", "VARCHAR"), ("window", "VARCHAR"),
        ("window_start", "TIMESTAMP"), ("window_end", "TIMESTAMP"), ("slice_by", "VARCHAR"),
        *((name, "VARCHAR") for name in texts),
        *((name, "BIGINT") for name in ("good", "bad", "pending", "excluded", "total")),
        *((name, "DOUBLE") for name in doubles_before),
        ("verdict", "VARCHAR"), ("detectable_sli", "DOUBLE"), ("upgrades_needed", "BIGINT"),
        *((name, "DOUBLE") for name in doubles_after),
    ]  # fmt: skip
    assert [(row["column_name"], row["column_type"]) for row in home.rows("DESCRIBE slo.status")] == expected
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    [first, *_] = status(home)
    assert list(first) == [name for name, _ in expected]


# Windows


def test_a_window_of_n_days_is_the_report_day_and_the_n_minus_one_before(home):
    # One success on the report day and one on each of the 30 days before, the earliest at each day's first moment.
    starts = [at("2026-11-20 00:00") - timedelta(days=ago) for ago in range(31)]
    home.deliver(DAY, *(event("started", str(start), operation=str(start)) for start in starts))
    rows = status(home, objectives(ratio(window="10d", window_days=10)))
    assert {window: pick(rows, window)["bad"] + pick(rows, window)["pending"] for window in ("1d", "3d", "7d", "10d", "28d")} == {
        "1d": 1, "3d": 3, "7d": 7, "10d": 10, "28d": 28,
    }  # fmt: skip
    assert {window: str(pick(rows, window)["window_start"]) for window in ("1d", "3d", "7d", "10d", "28d")} == {
        "1d": "2026-11-20 00:00:00",
        "3d": "2026-11-18 00:00:00",
        "7d": "2026-11-14 00:00:00",
        "10d": "2026-11-11 00:00:00",
        "28d": "2026-10-24 00:00:00",
    }
    assert {(row["window_end"], row["report_date"]) for row in rows} == {(at("2026-11-21 00:00"), day(DAY))}


@pytest.mark.parametrize(
    ("window", "days", "expected"),
    [
        pytest.param("28d", 28, ["28d", "1d", "3d", "7d"], id="a window that is a look-back is there once"),
        pytest.param("90d", 90, ["90d", "1d", "3d", "7d", "28d"], id="the window of the objective comes first"),
        pytest.param("4w", 28, ["4w", "1d", "3d", "7d", "28d"], id="a look-back is there under its own name too"),
    ],
)
def test_the_windows_are_the_objectives_own_as_written_and_the_look_backs(home, window, days, expected):
    objective = ratio(window=window, window_days=days)
    assert list(windows(objective)) == expected
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    rows = status(home, objectives(objective))
    assert {row["window"] for row in rows} == set(expected)
    assert {pick(rows, each)["good"] for each in expected} == {1}


def test_an_operation_that_starts_after_the_report_day_is_in_none_of_its_windows(home):
    # Delivered by then: a clock may run ahead. It appears when its day comes.
    home.deliver(
        DAY,
        event("started", "2026-11-20 09:00", operation="1"),
        event("succeeded", "2026-11-20 09:10", operation="1"),
        event("started", "2026-11-21 00:00", operation="2", scope="addon"),
        event("succeeded", "2026-11-21 01:00", operation="2", scope="addon"),
    )
    home.deliver("2026-11-21")
    rows = status(home, objectives(threshold()))
    assert [(row["good"], row["p99"]) for row in rows if row["slice_by"] == ""] == [(1, 600.0)] * 4
    assert {row["scope"] for row in rows if row["slice_by"] == "scope"} == {"node_pool"}
    rows = status(home, objectives(threshold()), upto="2026-11-21")
    assert (pick(rows, "1d")["good"], pick(rows, "1d")["p99"]) == (1, 3600.0)
    assert pick(rows, "3d")["good"] == 2


# Slices


@pytest.mark.parametrize(
    "slice_by",
    [
        ("scope",),
        ("region",),
        ("to_version", "region", "workload_type"),
        ("provider", "to_minor", "region", "trigger"),
        DIMENSIONS,
    ],
    ids=",".join,
)
def test_there_is_a_row_for_every_subset_of_slice_by_and_for_each_lone_dimension_once(home, slice_by):
    place = {"region": "west", "to_version": "1.31.2", "workload_type": "batch", "trigger": "ci", "provider": "aks"}
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00", **place))
    rows = [row for row in status(home, objectives(ratio(slice_by=slice_by))) if row["window"] == "28d"]
    subsets = [",".join(each) for size in range(len(slice_by) + 1) for each in combinations(slice_by, size)]
    lone = [each for each in ("to_minor", "scope", "trigger", "provider") if each not in slice_by]
    assert sorted(row["slice_by"] for row in rows) == sorted(subsets + lone)
    values = {**place, "to_minor": "1.31", "scope": "node_pool"}
    for row in rows:
        named = row["slice_by"].split(",") if row["slice_by"] else []
        assert {name: row[name] for name in DIMENSIONS} == {name: values[name] if name in named else None for name in DIMENSIONS}
        assert row["good"] == 1


def test_a_slice_is_the_sum_of_the_finer_ones(home):
    numbers = {("west", "1.30"): 1, ("west", "1.31"): 2, ("east", "1.31"): 3}
    places = [{"region": region, "to_version": version} for (region, version), number in numbers.items() for _ in range(number)]
    home.deliver(DAY, *(event("succeeded", "2026-11-20 09:00", operation=str(n), **place) for n, place in enumerate(places)))
    rows = status(home, objectives(ratio(slice_by=("region", "to_version"))))
    assert pick(rows, slice_by="region,to_version", region="west", to_version="1.30")["good"] == 1
    assert pick(rows, slice_by="region,to_version", region="west", to_version="1.31")["good"] == 2
    assert pick(rows, slice_by="region,to_version", region="east", to_version="1.31")["good"] == 3
    assert pick(rows, slice_by="region", region="west")["good"] == 1 + 2
    assert pick(rows, slice_by="to_version", to_version="1.31")["good"] == 2 + 3
    assert pick(rows)["good"] == 6


def test_a_value_that_nobody_gave_is_the_slice_unknown(home):
    home.deliver(
        DAY,
        event("succeeded", "2026-11-20 09:00"),
        event("failed", "2026-11-20 09:00", operation="2", to_version="unknown", region="unknown"),
    )
    rows = status(home)
    row = pick(rows, slice_by="to_version,region,workload_type", to_version="unknown", region="unknown", workload_type="unknown")
    assert (row["good"], row["bad"]) == (1, 1)
    assert pick(rows, slice_by="to_minor", to_minor="unknown")["total"] == 2


def test_a_slice_of_which_nothing_is_decided_is_there_without_data(home):
    home.deliver(
        DAY,
        event("cancelled", "2026-11-20 09:00", region="west"),
        event("started", "2026-11-20 09:00", operation="2", region="east"),
        event("succeeded", "2026-11-20 09:00", operation="3", region="north"),
    )
    rows = status(home)
    west, east = (pick(rows, slice_by="region", region=region) for region in ("west", "east"))
    assert (west["excluded"], west["pending"], west["total"], west["verdict"]) == (1, 0, 0, "no_data")
    assert (east["excluded"], east["pending"], east["total"], east["verdict"]) == (0, 1, 0, "no_data")
    assert (west["sli"], west["sli_low"], west["sli_high"], west["budget_remaining"], west["burn_rate"]) == (None,) * 5
    assert (west["budget_allowed"], west["budget_spent"]) == (0, 0)


def test_the_fleets_row_is_there_without_any_operation(home):
    home.deliver(DAY)
    rows = status(home, objectives(ratio(), threshold()))
    assert sorted((row["slo"], row["window"]) for row in rows) == [
        (slo, window) for slo in ("speed", "success") for window in ("1d", "28d", "3d", "7d")
    ]
    for row in rows:
        assert (row["slice_by"], [row[name] for name in DIMENSIONS]) == ("", [None] * 7)
        assert [row[name] for name in (*OUTCOMES, "total")] == [0] * 5
        assert (row["verdict"], row["target"]) == ("no_data", 0.9)
        assert [row[name] for name in QUANTILES] == [None] * 4


def test_the_fleets_row_is_there_for_a_slo_and_a_window_that_have_no_operation(home):
    home.deliver(DAY, event("succeeded", "2026-11-17 09:00"))
    rows = status(home, objectives(ratio(), ratio(name="none", total_where="FALSE")))
    assert {(row["slo"], row["window"]): row["good"] for row in rows if row["slice_by"] == ""} == {
        ("none", "1d"): 0, ("none", "3d"): 0, ("none", "7d"): 0, ("none", "28d"): 0,
        ("success", "1d"): 0, ("success", "3d"): 0, ("success", "7d"): 1, ("success", "28d"): 1,
    }  # fmt: skip
    assert {row["slice_by"] for row in rows if row["window"] in ("1d", "3d")} == {""}


def test_objectives_of_different_windows_and_slices_do_not_get_into_each_other(home):
    home.deliver(
        DAY,
        event("succeeded", "2026-10-25 09:00", operation="old", region="west"),
        event("failed", "2026-11-20 09:00", operation="new", region="west"),
    )
    wanted = objectives(
        ratio(name="a", window="90d", window_days=90, slice_by=("region",)),
        ratio(name="b", window="1d", window_days=1, slice_by=("region", "to_version")),
        threshold(name="c", slice_by=("region",)),
    )
    rows = status(home, wanted)
    by_slo = {slo: [row for row in rows if row["slo"] == slo] for slo in "abc"}
    assert {slo: sorted({row["window"] for row in of}) for slo, of in by_slo.items()} == {
        "a": ["1d", "28d", "3d", "7d", "90d"],
        "b": ["1d", "28d", "3d", "7d"],
        "c": ["1d", "28d", "3d", "7d"],
    }
    assert pick(by_slo["a"], "90d", "region", region="west")["total"] == 2
    assert pick(by_slo["b"], "28d", "region", region="west")["total"] == 2
    assert pick(by_slo["c"], "1d", "region", region="west")["excluded"] == 1


# What follows from the counts


def test_ratio_interval_budget_and_verdict_follow_from_the_counts_at_the_objectives_own_target_and_confidence(home):
    home.deliver(
        DAY,
        *(event("succeeded", "2026-11-20 09:00", operation=f"good-{each}") for each in range(18)),
        *(event("failed", "2026-11-20 09:00", operation=f"bad-{each}") for each in range(2)),
    )
    rows = status(home, objectives(ratio(target=0.5), ratio(name="strict", target=0.99, confidence=0.8)))
    row = next(row for row in rows if (row["slo"], row["window"], row["slice_by"]) == ("success", "28d", ""))
    assert (row["good"], row["bad"], row["total"], row["sli"]) == (18, 2, 20, 0.9)
    # Allowed: half of 20. Spent: 2 of 10, which leaves 0.8; the failure ratio 0.1 is a fifth of the allowed one.
    assert (row["budget_allowed"], row["budget_spent"], row["budget_remaining"], row["burn_rate"]) == (
        10.0,
        2.0,
        0.8,
        pytest.approx(0.2),
    )
    # P(at most 2 bad of 20 | 1/2) = (1 + 20 + 190) / 2^20 = 0.0002, below 0.05.
    assert row["verdict"] == "met"
    strict = next(row for row in rows if (row["slo"], row["window"], row["slice_by"]) == ("strict", "28d", ""))
    # P(at least 2 bad of 20 | 0.01) = 1 - 0.99^20 - 20 * 0.01 * 0.99^19 = 0.0169, below 1 - 0.8.
    assert strict["verdict"] == "missed"
    assert strict["budget_remaining"] == pytest.approx(1 - 2 / 0.2)
    # A lower confidence gives a narrower interval.
    assert row["sli_low"] < strict["sli_low"] < 0.9 < strict["sli_high"] < row["sli_high"]


def test_rows_come_in_one_order_and_the_table_keeps_what_was_computed(home):
    home.deliver(
        DAY, *(event("succeeded", f"2026-11-{each:02d} 09:00", region=f"r{each}", operation=str(each)) for each in (18, 19, 20))
    )
    wanted = objectives(threshold(), ratio())
    rows = status(home, wanted)
    keys = [tuple(value or "" for value in key(row)) for row in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    stored = home.stored_status(DAY, wanted)
    assert sorted(stored, key=repr) == sorted(rows, key=repr)


def test_writing_a_day_again_replaces_its_rows_and_no_others(home):
    home.deliver("2026-11-19", event("succeeded", "2026-11-19 09:00"))
    home.deliver(DAY, event("failed", "2026-11-19 10:00"))
    status(home, upto="2026-11-19")
    first = home.stored_status("2026-11-19", SUCCESS)
    status(home, upto=DAY)
    second = home.stored_status(DAY, SUCCESS)
    assert home.rows("SELECT * FROM slo.status WHERE report_date = '2026-11-19' ORDER BY ALL") == first
    assert home.stored_status(DAY, SUCCESS) == second
    assert {row["report_date"] for row in home.rows("SELECT DISTINCT report_date FROM slo.status")} == {
        day("2026-11-19"),
        day(DAY),
    }
    assert {row["good"] for row in first if row["window"] == "3d"} == {1}
    assert {row["bad"] for row in second if row["window"] == "3d"} == {1}


def test_the_status_is_not_summed_from_tables_of_another_day(home):
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00"))
    status(home)
    with pytest.raises(WrongDay, match="stand at 2026-11-20; needed: 2026-11-19"):
        home.status("2026-11-19", SUCCESS)


def test_the_status_is_not_summed_from_cells_that_were_not_counted_after_the_fold(home):
    home.deliver(DAY, event("started", "2026-11-20 09:00"))
    home.deliver("2026-11-21", event("succeeded", "2026-11-20 10:00"))
    status(home)
    home.take_in("2026-11-21")
    home.fold("2026-11-21")
    with pytest.raises(WrongDay, match=r"the cells stand at 2026-11-20.*needed: 2026-11-21\..*Materialise slo_cells"):
        home.status("2026-11-21", SUCCESS)


def test_the_status_is_not_summed_from_cells_of_other_objectives(home):
    home.deliver(DAY, event("started", "2026-11-20 09:00"))
    status(home)
    with pytest.raises(WrongDay, match="the cells stand at 2026-11-20, for other objectives"):
        home.status(DAY, objectives(ratio(deadline_seconds=3600)))


# Quantiles


def test_quantiles_are_of_succeeded_operations_with_a_duration_in_the_total_of_a_threshold(home):
    def ended(number: int, state: str, minutes: float, scope: str = "node_pool") -> list[Row]:
        start = at("2026-11-20 00:00")
        names = {"operation": f"{scope}-{state}-{number}", "scope": scope}
        return [
            event("started", str(start), **names),
            event(state, str(start + timedelta(minutes=minutes)), **names),
        ]

    home.deliver(
        DAY,
        *(each for number in range(1, 21) for each in ended(number, "succeeded", number)),
        *(each for number in range(1, 21) for each in ended(number, "failed", 600)),
        *ended(1, "succeeded", -5, scope="addon"),
        *ended(2, "succeeded", 900, scope="addon"),
        event("succeeded", "2026-11-20 09:00", operation="no start"),
        event("started", "2026-11-20 09:00", operation="running"),
    )
    rows = status(home, objectives(ratio(), threshold(total_where="(\"scope\" = 'node_pool') IS TRUE"), threshold(name="all")))
    fleet = {row["slo"]: [row[name] for name in QUANTILES] for row in rows if (row["window"], row["slice_by"]) == ("1d", "")}
    # Of 1, 2, …, 20 minutes: the 10th, 18th, 19th and 20th. With the 900 minutes of the addon, of 21: the 11th, 19th, 20th, 21st.
    assert fleet == {
        "success": [None] * 4,
        "speed": [600.0, 1080.0, 1140.0, 1200.0],
        "all": [660.0, 1140.0, 1200.0, 54000.0],
    }


def test_quantiles_of_delays_are_of_all_operations_that_were_scheduled_and_began(home):
    def begun(number: int, minutes: int, state: str) -> list[Row]:
        scheduled = at("2026-11-20 01:00")
        names = {"operation": f"{state}-{number}"}
        return [
            event("scheduled", str(scheduled), **names),
            event("started", str(scheduled + timedelta(minutes=minutes)), **names),
            event(state, "2026-11-20 09:00", **names),
        ]

    home.deliver(
        DAY,
        *(each for number in range(1, 11) for each in begun(number, number, "failed")),
        *begun(0, -3, "succeeded"),
        event("scheduled", "2026-11-20 01:00", operation="waits"),
        event("started", "2026-11-20 01:00", operation="never scheduled"),
    )
    # Of -3, 1, 2, …, 10 minutes: the 6th, 10th and twice the 11th.
    row = pick(status(home, objectives(start())), "1d")
    assert [row[name] for name in QUANTILES] == [300.0, 540.0, 600.0, 600.0]
    assert [row[name] for name in OUTCOMES] == [11, 0, 1, 1]


def test_every_slice_and_window_has_quantiles_of_its_own(home):
    draw = random.Random(7)  # noqa: S311 - a fixed sample, not a secret
    durations: dict[str, list[float]] = {"west": [], "east": []}
    events = []
    for number in range(300):
        region, ago = draw.choice(["west", "east"]), draw.choice([0, 5])
        seconds = round(math.exp(draw.gauss(7, 1)), 3)
        if ago == 0:
            durations[region].append(seconds)
        start = at("2026-11-20 01:00") - timedelta(days=ago)
        names = {"operation": str(number), "region": region}
        events += [event("started", str(start), **names)]
        events += [event("succeeded", (start + timedelta(seconds=seconds)).isoformat(" ", "milliseconds"), **names)]
    home.deliver(DAY, *events)
    home.deliver("2026-11-21")
    rows = status(home, objectives(threshold()))
    for region, values in durations.items():
        row = pick(rows, "3d", "region", region=region)
        in_order = sorted(values)
        for name, share in QUANTILES.items():
            # The discrete quantile: the smallest value that at least this share of all does not exceed.
            expected = next(value for rank, value in enumerate(in_order, start=1) if rank >= share * len(in_order) - 1e-9)
            assert row[name] == pytest.approx(expected, rel=0.01)
    assert pick(rows, "7d")["total"] == 300


def test_a_slice_in_which_nothing_succeeded_has_counts_and_no_quantiles(home):
    home.deliver(
        DAY,
        event("started", "2026-11-20 08:00", region="west"),
        event("failed", "2026-11-20 08:30", region="west"),
        event("started", "2026-11-20 08:00", operation="2", region="east"),
        event("succeeded", "2026-11-20 08:30", operation="2", region="east"),
    )
    rows = status(home, objectives(threshold()))
    west, east = (pick(rows, slice_by="region", region=region) for region in ("west", "east"))
    assert (west["bad"], west["p50"], west["p99"]) == (1, None, None)
    assert (east["good"], east["p50"], east["p99"]) == (1, 1800.0, 1800.0)


def test_the_value_of_a_slice_may_be_any_text_and_keeps_its_quantiles(home):
    regions = ["it's", 'the "west"', "a, b; --", "unknown", "Ünïcödé 🌍", "$day", "{total_where}"]
    for place, region in enumerate(regions, start=1):
        names = {"operation": str(place), "region": region}
        home.deliver(
            DAY,
            event("started", "2026-11-20 08:00", **names),
            event("succeeded", f"2026-11-20 08:0{place}", **names),
            name=f"{place}.ndjson",
        )
    rows = status(home, objectives(threshold()))
    found = {row["region"]: (row["good"], row["p50"]) for row in rows if (row["window"], row["slice_by"]) == ("1d", "region")}
    assert found == {region: (1, 60.0 * place) for place, region in enumerate(regions, start=1)}


# Against a plain reading of the contract

OBJECTIVES = objectives(
    ratio(name="day", window="2d", window_days=2),
    ratio(name="hour", deadline_seconds=3600, slice_by=("scope",)),
    ratio(name="pool", total_where="(\"scope\" = 'node_pool') IS TRUE", slice_by=("trigger", "to_minor", "provider", "region")),
    threshold("lte", 1800.0, name="quick"),
    threshold("lt", 3600.0, name="quicker", failed="excluded", window="4w"),
    threshold("gte", 1800.0, name="slow", slice_by=("region", "scope")),
    start("lte", 3600.0, name="late", total_where='("scheduled_at" IS NOT NULL) IS TRUE'),
)


def succeeded(operation: Row) -> bool:
    return operation["state"] == "succeeded"


RULES = (
    Rule("day", good=succeeded, window="2d", window_days=2),
    Rule("hour", good=succeeded, deadline=timedelta(hours=1), slice_by=("scope",)),
    Rule(
        "pool",
        lambda operation: operation["scope"] == "node_pool",
        good=succeeded,
        slice_by=("trigger", "to_minor", "provider", "region"),
    ),
    Rule("quick", op="lte", limit=timedelta(minutes=30)),
    Rule("quicker", op="lt", limit=timedelta(hours=1), failures_count=False, window="4w"),
    Rule("slow", op="gte", limit=timedelta(minutes=30), slice_by=("region", "scope")),
    Rule("late", lambda operation: operation["scheduled_at"] is not None, op="lte", limit=timedelta(hours=1), measured="delay"),
)


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(deliveries())
def test_counts_and_quantiles_are_those_of_a_plain_reading_of_the_contract(tmp_path_factory, days):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        home.inventory(*INVENTORY)
        for delivery_day, events in days.items():
            home.deliver(delivery_day, *events)
        home.take_in(DELIVERY_DAYS[-1])
        for upto in DELIVERY_DAYS[1:]:
            home.fold(upto)
            home.count(upto, OBJECTIVES)
            operations = home.operations()
            rows = {key(row): row for row in home.status(upto, OBJECTIVES)}
            expected = reference_counts(operations, RULES, report_date=day(upto))
            assert {each: {name: row[name] for name in OUTCOMES} for each, row in rows.items() if each in expected} == expected
            # Whatever else there is are fleets without operations.
            assert all(
                each[2] == "" and sum(rows[each][name] for name in OUTCOMES) == 0 for each in rows.keys() - expected.keys()
            )
            found = {each: {name: row[name] for name in QUANTILES} for each, row in rows.items() if row["p50"] is not None}
            assert found == reference_quantiles(operations, RULES, report_date=day(upto))
            for row in rows.values():
                told = reference_told(row["good"], row["bad"], target=row["target"])
                assert (row["detectable_sli"], row["upgrades_needed"]) == pytest.approx(told, abs=1e-9)
