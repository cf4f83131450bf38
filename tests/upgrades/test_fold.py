"""The fold, sentence by sentence: what the events of an operation and its siblings say, whatever order they come in."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.telemetry.intake import IntakeUnfinished
from tests.data.random_events import INVENTORY, deliveries
from tests.data.reference_fold import fold as reference_fold
from tests.data.reference_fold import read_events, read_inventory
from tests.data.small_home import Row, SmallHome, at, day, event, small_home

DAY, NEXT, THIRD = "2026-11-20", "2026-11-21", "2026-11-22"


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


def folded(home: SmallHome, *events: Row) -> None:
    """All events delivered and folded on one day, the third, so that none is from its future."""
    home.deliver(THIRD, *events)
    home.take_in(THIRD)
    home.fold(THIRD)


def attempt(number: int, start: str, end: str | None = None, state: str = "succeeded", **more: Any) -> list[Row]:
    """An operation `op-<number>` on node pool np, its start and maybe its end."""
    given = {"operation": f"op-{number}", "node_pool": "np", "to_version": "1.31.2"} | more
    return [event("started", start, **given), *([event(state, end, **given)] if end else [])]


def column(home: SmallHome, name: str) -> dict[str, Any]:
    """One column of all operations, by operation id."""
    return {row["operation_id"]: row[name] for row in home.operations()}


# One row per (cluster_id, operation_id)


def test_one_operation_id_in_two_clusters_is_two_operations(home):
    folded(
        home,
        event("started", "2026-11-20 08:00", cluster="c-1", operation="op"),
        event("succeeded", "2026-11-20 09:00", cluster="c-2", operation="op"),
    )
    assert [(row["cluster_id"], row["state"]) for row in home.operations()] == [("c-1", "running"), ("c-2", "succeeded")]


def test_ids_that_read_alike_when_joined_are_two_operations(home):
    folded(
        home,
        event("started", "2026-11-20 08:00", cluster="a", operation="b/c"),
        event("started", "2026-11-20 08:00", cluster="a/b", operation="c"),
    )
    assert [row["cluster_id"] for row in home.operations()] == ["a", "a/b"]


# Ranking


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param(
            {"time": "2026-11-20 09:00", "observed_at": "2026-11-20 09:00"},
            {"time": "2026-11-20 08:00", "observed_at": "2026-11-20 10:00"},
            id="what was observed later wins over what happened later",
        ),
        pytest.param(
            {"time": "2026-11-20 08:00", "observed_at": "2026-11-20 10:00", "delivered": NEXT},
            {"time": "2026-11-20 09:00", "observed_at": "2026-11-20 10:00", "delivered": DAY},
            id="of things observed at once what happened later wins, though it was delivered earlier",
        ),
        pytest.param(
            {"delivered": DAY, "source": "z"},
            {"delivered": NEXT, "source": "a"},
            id="at one time the later delivery wins over the greater source",
        ),
        pytest.param({"source": "a", "id": "9"}, {"source": "b", "id": "1"}, id="in one delivery the greater source wins"),
        pytest.param({"source": "a", "id": "1"}, {"source": "a", "id": "2"}, id="of one source the greater id wins"),
        pytest.param({"source": "a", "id": "10"}, {"source": "a", "id": "9"}, id="ids are texts: 9 is greater than 10"),
        pytest.param({"source": "Z", "id": "1"}, {"source": "a", "id": "1"}, id="texts are ordered by their characters' codes"),
    ],
)
def test_events_are_ranked(home, earlier, later):
    delivered: dict[str, list[Row]] = {DAY: [], NEXT: []}
    for ends_as, values in (("failed", earlier), ("succeeded", later)):
        given = {"time": "2026-11-20 08:00", "id": ends_as, "region": ends_as, **values}
        delivered[given.pop("delivered", DAY)].append(event(ends_as, given.pop("time"), **given))
    for delivery_day, events in delivered.items():
        home.deliver(delivery_day, *events)
    home.take_in(NEXT)
    home.fold(NEXT)
    row = home.operation()
    assert (row["state"], row["region"]) == ("succeeded", "succeeded")


def test_an_event_observed_at_no_stated_time_was_observed_when_it_happened(home):
    folded(
        home,
        event("failed", "2026-11-20 09:00"),
        event("succeeded", "2026-11-20 08:00", observed_at="2026-11-20 08:59:59"),
    )
    assert home.operation()["state"] == "failed"


# Moments and state


def test_the_earliest_schedule_and_the_earliest_start_count_though_reported_last(home):
    folded(
        home,
        event("scheduled", "2026-11-20 07:30"),
        event("scheduled", "2026-11-20 07:00", observed_at="2026-11-20 12:00"),
        event("started", "2026-11-20 08:30"),
        event("started", "2026-11-20 08:00", observed_at="2026-11-20 12:00"),
    )
    row = home.operation()
    assert (row["scheduled_at"], row["started_at"]) == (at("2026-11-20 07:00"), at("2026-11-20 08:00"))
    assert (row["state"], row["finished_at"]) == ("running", None)


def test_an_operation_that_was_scheduled_and_not_started_is_scheduled(home):
    folded(home, event("scheduled", "2026-11-20 07:30"))
    row = home.operation()
    assert (row["state"], row["started_at"], row["finished_at"]) == ("scheduled", None, None)


def test_a_schedule_reported_after_the_start_leaves_the_operation_running(home):
    folded(home, event("started", "2026-11-20 08:00"), event("scheduled", "2026-11-20 09:00"))
    assert home.operation()["state"] == "running"


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "superseded", "skipped"])
def test_every_terminal_event_ends_an_operation_in_its_state(home, state):
    folded(home, event("started", "2026-11-20 08:00"), event(state, "2026-11-20 08:10"))
    row = home.operation()
    assert (row["state"], row["finished_at"]) == (state, at("2026-11-20 08:10"))


def test_the_latest_terminal_event_gives_state_and_finish_together(home):
    # Observed last is the success, which happened before the failure: its own time is the finish, not the greatest.
    folded(
        home,
        event("started", "2026-11-20 08:00"),
        event("failed", "2026-11-20 10:00"),
        event("succeeded", "2026-11-20 09:00", observed_at="2026-11-20 11:00"),
    )
    row = home.operation()
    assert (row["state"], row["finished_at"], row["duration_seconds"]) == ("succeeded", at("2026-11-20 09:00"), 3600.0)


def test_a_start_after_the_end_does_not_reopen_an_operation(home):
    folded(
        home,
        event("started", "2026-11-20 08:00"),
        event("failed", "2026-11-20 09:00"),
        event("started", "2026-11-20 10:00"),
    )
    row = home.operation()
    assert (row["state"], row["started_at"], row["finished_at"]) == ("failed", at("2026-11-20 08:00"), at("2026-11-20 09:00"))


def test_a_duration_is_exact_to_the_microsecond(home):
    folded(home, event("started", "2026-11-20 08:00:00.000001"), event("succeeded", "2026-11-20 09:00:00.250002"))
    assert home.operation()["duration_seconds"] == 3600.250001


def test_an_operation_that_ends_when_it_starts_took_no_time(home):
    folded(home, event("started", "2026-11-20 08:00"), event("succeeded", "2026-11-20 08:00"))
    row = home.operation()
    assert (row["duration_seconds"], row["clock_skew"]) == (0.0, False)


def test_an_end_before_the_start_is_clock_skew_and_no_duration(home):
    folded(home, event("started", "2026-11-20 08:00"), event("succeeded", "2026-11-20 07:59:59.999999"))
    row = home.operation()
    assert (row["state"], row["duration_seconds"], row["clock_skew"]) == ("succeeded", None, True)


@pytest.mark.parametrize("type_", ["started", "succeeded"])
def test_without_a_start_or_without_an_end_there_is_neither_duration_nor_skew(home, type_):
    folded(home, event(type_, "2026-11-20 08:00"))
    row = home.operation()
    assert (row["duration_seconds"], row["clock_skew"]) == (None, False)


# Day


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param(
            [("scheduled", "2026-11-20 22:00"), ("started", "2026-11-21 01:00"), ("succeeded", "2026-11-22 00:30")],
            "2026-11-21",
            id="the start comes before the schedule and the finish",
        ),
        pytest.param(
            [("scheduled", "2026-11-20 22:00"), ("cancelled", "2026-11-21 00:30")],
            "2026-11-20",
            id="without a start the schedule counts",
        ),
        pytest.param([("succeeded", "2026-11-21 00:30")], "2026-11-21", id="with neither the finish counts"),
        pytest.param([("started", "2026-11-21 00:00")], "2026-11-21", id="midnight belongs to the day that begins"),
        pytest.param([("started", "2026-11-20 23:59:59.999999")], "2026-11-20", id="the microsecond before to the day that ends"),
    ],
)
def test_the_day_is_the_utc_date_of_the_start_else_schedule_else_finish(home, events, expected):
    folded(home, *(event(*each) for each in events))
    assert home.operation()["day"] == day(expected)


def test_the_day_is_that_of_utc_whatever_the_offset(home):
    started = event("started", "2026-11-20 00:00")
    started["time"] = "2026-11-20T23:30:00-01:00"
    folded(home, started)
    row = home.operation()
    assert (row["day"], row["started_at"]) == (day("2026-11-21"), at("2026-11-21 00:30"))


# Attributes


TEXTS = (
    "provider", "node_pool", "region", "from_version", "to_version", "workload_type", "error_code", "error_message",
    "upgrade_id", "observed_version",
)  # fmt: skip


def test_each_attribute_has_the_value_of_the_latest_event_that_carries_it(home):
    first = {name: f"{name}-1" for name in TEXTS}
    second = {name: f"{name}-2" for name in TEXTS[::2]}
    # Null and the empty text are absence; a list that is empty is a value, and so is zero.
    empty = dict.fromkeys(TEXTS, "")
    folded(
        home,
        event("scheduled", "2026-11-20 07:00", scope="cluster", node_count=1, api_features=["a/v1/A"], trigger="ci", **first),
        event("started", "2026-11-20 08:00", scope="addon", node_count=2, api_features=["b/v1/B", "a/v1/A"], **second),
        event("failed", "2026-11-20 09:00", scope="node_image", node_count=0, api_features=[], trigger=None, **empty),
    )
    row = home.operation()
    assert {name: row[name] for name in TEXTS} == first | second
    assert (row["scope"], row["node_count"], row["api_features"], row["trigger"]) == ("node_image", 0, [], "ci")


def test_a_latest_event_without_a_list_or_a_count_leaves_those_of_an_earlier_one(home):
    folded(
        home,
        event("started", "2026-11-20 08:00", node_count=7, api_features=["b/v1/B", "a/v1/A"]),
        event("succeeded", "2026-11-20 09:00", node_count=None, api_features=None),
    )
    row = home.operation()
    assert (row["node_count"], row["api_features"]) == (7, ["b/v1/B", "a/v1/A"])


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        pytest.param(["security", "unknown"], "security", id="unknown does not replace an earlier value"),
        pytest.param(["unknown", "security"], "security", id="a value replaces an earlier unknown"),
        pytest.param(["security", "manual"], "manual", id="a value replaces an earlier one"),
        pytest.param(["unknown", None], "unknown", id="unknown is all there is"),
        pytest.param([None, None], "unknown", id="nothing is unknown"),
    ],
)
def test_the_trigger_is_the_latest_that_is_known(home, triggers, expected):
    first, second = triggers
    folded(home, event("started", "2026-11-20 08:00", trigger=first), event("succeeded", "2026-11-20 09:00", trigger=second))
    assert home.operation()["trigger"] == expected


def test_what_nobody_says_is_unknown_or_null(home):
    folded(home, event("started", "2026-11-20 08:00"))
    row = home.operation()
    assert {name for name, value in row.items() if value == "unknown"} == {"provider", "region", "workload_type", "trigger"}
    assert {name for name, value in row.items() if value is None} == {
        "node_pool", "from_version", "to_version", "from_minor", "to_minor", "node_count", "scheduled_at", "finished_at",
        "duration_seconds", "error_code", "error_message", "observed_version", "version_confirmed", "api_features",
    }  # fmt: skip


def test_values_are_never_rewritten(home):
    odd = {"region": " West Europe ", "to_version": "V1.31", "provider": "AKS", "workload_type": "ML\tBatch", "node_pool": "É"}
    folded(home, event("started", "2026-11-20 08:00", **odd))
    row = home.operation()
    assert {name: row[name] for name in odd} == odd


# Inventory


def test_the_inventory_fills_in_field_by_field_what_events_leave_open(home):
    home.inventory("c,,west,stateless,aks,,", "c,np,,ml_batch,,,", "other,np,east,other,gke,,")
    folded(home, event("started", "2026-11-20 08:00", node_pool="np", provider="eks"))
    row = home.operation()
    # The provider is the event's, the workload type the pool's, the region the cluster's.
    assert (row["provider"], row["workload_type"], row["region"]) == ("eks", "ml_batch", "west")


def test_another_pools_row_and_a_pools_row_for_a_whole_cluster_do_not_count(home):
    home.inventory("c,np,west,ml_batch,aks,,")
    folded(
        home,
        event("started", "2026-11-20 08:00", operation="cluster wide"),
        event("started", "2026-11-20 08:00", operation="other pool", node_pool="np2"),
    )
    assert column(home, "region") == {"cluster wide": "unknown", "other pool": "unknown"}


def test_the_event_is_believed_though_the_inventory_says_otherwise(home):
    home.inventory("c,,west,stateless,aks,,")
    folded(home, event("started", "2026-11-20 08:00", region="east"))
    assert home.operation()["region"] == "east"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param("2026-11-19 23:59:59.999999", "first", id="before the change the old row holds"),
        pytest.param("2026-11-20 00:00", "second", id="the instant of the change belongs to the new row"),
        pytest.param("2026-11-20 11:59:59.999999", "second", id="until the end of its period"),
        pytest.param("2026-11-20 12:00", "unknown", id="the end of a period is not part of it"),
    ],
)
def test_the_inventory_is_read_as_of_the_start(home, time, expected):
    home.inventory("c,,first,,,,2026-11-20", "c,,second,,,2026-11-20,2026-11-20T12:00:00Z")
    # The schedule before and the finish after fall into other periods.
    folded(home, event("scheduled", "2026-11-19 01:00"), event("started", time), event("succeeded", "2026-11-21 01:00"))
    assert home.operation()["region"] == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([("scheduled", "2026-11-19 23:00"), ("cancelled", "2026-11-20 01:00")], "first", id="else of the schedule"),
        pytest.param([("cancelled", "2026-11-20 01:00")], "second", id="else of the finish"),
    ],
)
def test_without_a_start_the_inventory_is_read_as_of(home, events, expected):
    home.inventory("c,,first,,,,2026-11-20", "c,,second,,,2026-11-20,")
    folded(home, *(event(*each) for each in events))
    assert home.operation()["region"] == expected


def test_of_overlapping_rows_the_one_that_began_last_counts(home):
    home.inventory("c,,always,a,,,", "c,,newest,,,2026-11-19,", "c,,older,b,,2026-11-01,")
    folded(home, event("started", "2026-11-20 08:00"))
    row = home.operation()
    # Only that row: its empty workload type is not filled in from rows that it overlaps.
    assert (row["region"], row["workload_type"]) == ("newest", "unknown")


def test_a_pools_row_that_is_out_of_its_period_leaves_the_clusters(home):
    home.inventory("c,np,pool,,,,2026-11-20", "c,,cluster,,,,")
    folded(home, event("started", "2026-11-20 08:00", node_pool="np"))
    assert home.operation()["region"] == "cluster"


def test_another_inventory_folds_the_clusters_again_that_it_changes_or_adds(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00"), event("started", "2026-11-19 08:00", cluster="d"))
    home.inventory("c,,west,,,,")
    home.take_in(DAY)
    home.fold(DAY)
    assert home.fold(DAY).operations == 0
    home.db.execute("DELETE FROM upgrades.touched_days")
    home.inventory("c,,east,,,,", "d,,north,,,,")
    assert home.fold(DAY).operations == 2
    assert [row["region"] for row in home.operations()] == ["east", "north"]
    assert home.touched_days() == {"2026-11-19", "2026-11-20"}


def test_other_code_folds_everything_again(home, monkeypatch):
    home.deliver("2026-11-20", event("started", "2026-11-20 09:00"), event("started", "2026-11-20 10:00", operation="2"))
    home.take_in("2026-11-20")
    assert home.fold("2026-11-20").operations == 2
    assert home.fold("2026-11-20").operations == 0
    monkeypatch.setattr("assets.upgrades.fold.code_sha256", lambda _package: "another fold")
    assert home.fold("2026-11-20").operations == 2


def test_a_provider_from_the_inventory_decides_which_operations_are_siblings(home):
    # op-2 names no provider; the inventory makes it a second attempt on the pool that op-1 names in full.
    home.inventory("c,,,,aks,,")
    folded(
        home,
        *attempt(1, "2026-11-20 08:00", "2026-11-20 09:00", "failed", provider="aks"),
        *attempt(2, "2026-11-20 10:00"),
    )
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2}


# Carried from_version


def test_from_version_is_carried_from_the_last_success_on_the_same_pool(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", to_version="1.29.1"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", to_version="1.30.1"),
        *attempt(3, "2026-11-20 05:00", "2026-11-20 06:00", "failed", to_version="1.31.0"),
        *attempt(4, "2026-11-20 07:00", to_version="1.31.2"),
    )
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.29.1", "op-3": "1.30.1", "op-4": "1.30.1"}
    assert column(home, "from_minor")["op-4"] == "1.30"


def test_a_from_version_that_an_event_carries_stays(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", to_version="1.29.1"),
        *attempt(2, "2026-11-20 03:00", from_version="1.28.0"),
    )
    assert column(home, "from_version")["op-2"] == "1.28.0"


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        pytest.param("2026-11-20 03:00", "1.29.1", id="one that finished at the very start counts"),
        pytest.param("2026-11-20 03:00:00.000001", None, id="one that finished a microsecond later does not"),
    ],
)
def test_only_what_finished_at_or_before_the_start_is_carried(home, finish, expected):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", finish, to_version="1.29.1"),
        *attempt(2, "2026-11-20 03:00", scheduled="no field of ours"),
    )
    assert column(home, "from_version")["op-2"] == expected


def test_of_successes_that_finished_at_once_the_greatest_operation_id_counts(home):
    folded(
        home,
        *attempt(10, "2026-11-20 01:30", "2026-11-20 02:00", to_version="1.29.10"),
        *attempt(9, "2026-11-20 01:00", "2026-11-20 02:00", to_version="1.29.9"),
        *attempt(1, "2026-11-20 03:00"),
    )
    assert column(home, "from_version")["op-1"] == "1.29.9"


def test_an_operation_is_never_its_own_predecessor(home):
    # It ends when it starts, and another by a skewed clock before: neither has an earlier version than itself.
    folded(
        home,
        *attempt(1, "2026-11-20 03:00", "2026-11-20 03:00", cluster="c-1"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 02:00", cluster="c-2"),
    )
    assert column(home, "from_version") == {"op-1": None, "op-2": None}


def test_two_successes_of_no_duration_at_one_moment_precede_each_other(home):
    # By the rule each finished at or before the other's start.
    folded(
        home,
        *attempt(1, "2026-11-20 03:00", "2026-11-20 03:00", to_version="1.30"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 03:00", to_version="1.31"),
    )
    assert column(home, "from_version") == {"op-1": "1.31", "op-2": "1.30"}


def test_without_a_start_no_version_is_carried(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00"),
        event("scheduled", "2026-11-20 03:00", operation="scheduled", node_pool="np"),
        event("succeeded", "2026-11-20 04:00", operation="ended", node_pool="np"),
    )
    assert column(home, "from_version") == {"op-1": None, "scheduled": None, "ended": None}


def test_a_predecessor_without_a_to_version_carries_nothing_and_hides_older_ones(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", to_version="1.29.1"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", to_version=None),
        *attempt(3, "2026-11-20 05:00"),
    )
    assert column(home, "from_version")["op-3"] is None


@pytest.mark.parametrize(
    "difference",
    [{"provider": "aks"}, {"cluster": "d"}, {"scope": "node_image"}, {"node_pool": "np2"}, {"node_pool": None}],
    ids=lambda difference: f"another {next(iter(difference))}",
)
def test_neither_version_nor_attempt_is_carried_over_from(home, difference):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", **difference),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", "failed", **difference),
        *attempt(3, "2026-11-20 05:00"),
    )
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.31.2", "op-3": None}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 1}


def test_operations_of_no_pool_are_siblings_of_each_other(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", node_pool=None, to_version="1.30.0"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", "failed", node_pool=None),
        *attempt(3, "2026-11-20 05:00", node_pool=None),
    )
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.0", "op-3": "1.30.0"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}


# Minors


def test_a_minor_is_what_stands_before_the_second_dot(home):
    expected = {
        "v1.31.2-gke.1100": "1.31",
        "1.31.2": "1.31",
        "4.16.0-0.nightly-2024-08-01-082745": "4.16",
        "1.31": "1.31",
        "10.2.30": "10.2",
        "1.31-rc": "1.31",
        "1": None,
        "1.": None,
        "v.1.31": None,
        "V1.31.2": None,
        " 1.31.2": None,
        "abc": None,
        "release-1.31": None,
        "AKSUbuntu-2204-202611.13.0": None,
    }
    folded(home, *(event("started", "2026-11-20 08:00", operation=each, from_version=each, to_version=each) for each in expected))
    assert column(home, "to_minor") == expected
    assert column(home, "from_minor") == expected


# Upgrades and attempts


def test_attempts_at_one_target_form_one_upgrade_until_one_succeeds(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", "failed"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", "cancelled"),
        *attempt(3, "2026-11-20 05:00", "2026-11-20 06:00", "succeeded"),
        *attempt(4, "2026-11-20 07:00", "2026-11-20 08:00", "failed"),
        *attempt(5, "2026-11-20 09:00"),
    )
    upgrades = column(home, "upgrade_id")
    assert upgrades["op-1"] == upgrades["op-2"] == upgrades["op-3"] != upgrades["op-4"] == upgrades["op-5"]
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 3, "op-4": 1, "op-5": 2}
    assert {name for name, is_first in column(home, "is_first_attempt").items() if is_first} == {"op-1", "op-4"}


def test_another_target_is_another_upgrade_though_the_first_goes_on(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", "failed", to_version="1.30.9"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", "failed", to_version="1.31.2"),
        *attempt(3, "2026-11-20 05:00", to_version="1.30.9"),
        *attempt(4, "2026-11-20 06:00", to_version=None),
        *attempt(5, "2026-11-20 07:00", to_version=None),
    )
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2, "op-4": 1, "op-5": 2}
    assert len(set(column(home, "upgrade_id").values())) == 3


def test_attempts_count_in_order_of_start_else_schedule_else_finish_then_id(home):
    folded(
        home,
        event("succeeded", "2026-11-20 05:00", operation="e", node_pool="np", upgrade_id="u"),
        event("scheduled", "2026-11-20 03:00", operation="d", node_pool="np", upgrade_id="u"),
        event("started", "2026-11-20 02:00", operation="c", node_pool="np", upgrade_id="u"),
        event("started", "2026-11-20 02:00", operation="b", node_pool="np", upgrade_id="u"),
        event("scheduled", "2026-11-20 01:00", operation="a", node_pool="np", upgrade_id="u"),
        event("started", "2026-11-20 04:00", operation="a", node_pool="np", upgrade_id="u"),
    )
    assert column(home, "attempt") == {"b": 1, "c": 2, "d": 3, "a": 4, "e": 5}


def test_an_upgrade_id_that_an_event_carries_goes_beyond_a_success_and_a_target(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", "succeeded", upgrade_id="wave-7"),
        *attempt(2, "2026-11-20 03:00", "2026-11-20 04:00", "failed", upgrade_id="wave-7", to_version="1.32.0"),
        *attempt(3, "2026-11-20 05:00", upgrade_id="wave-8"),
    )
    assert column(home, "upgrade_id") == {"op-1": "wave-7", "op-2": "wave-7", "op-3": "wave-8"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 1}


def test_one_upgrade_of_several_pools_counts_attempts_for_each(home):
    folded(
        home,
        *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00", "failed", upgrade_id="wave-7"),
        *attempt(2, "2026-11-20 03:00", upgrade_id="wave-7", node_pool="np2"),
        *attempt(3, "2026-11-20 05:00", upgrade_id="wave-7"),
    )
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}


# Errors and confirmation


def test_a_failure_has_a_category_and_somebody_who_answers_for_it(home):
    causes = {
        # what it is: state, code, then category and responsibility
        "a known code": ("failed", "PodDrainFailure", "pdb_drain", "customer"),
        "a known code of the platform": ("failed", "VHDFileNotFound", "image_pull", "platform"),
        "a known code of a dependency": ("failed", "TooManyRequestsReceived", "throttling", "dependency"),
        "an unknown code is the platform's": ("failed", "NeverSeenBefore", "internal", "platform"),
        "no code is the platform's": ("failed", None, "internal", "platform"),
        "no failure, no cause, though a code was sent": ("succeeded", "PodDrainFailure", "none", "none"),
        "a cancelled operation has no cause": ("cancelled", "PodDrainFailure", "none", "none"),
    }
    folded(
        home,
        *(event(state, "2026-11-20 09:00", operation=each, error_code=code) for each, (state, code, _, _) in causes.items()),
    )
    names = ("state", "error_code", "error_category", "responsibility")
    assert {row["operation_id"]: tuple(row[name] for name in names) for row in home.operations()} == causes


def test_an_error_on_a_running_operation_counts_only_once_it_failed(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00", error_code="PodDrainFailure"))
    home.deliver(NEXT, event("failed", "2026-11-21 08:00"))
    home.take_in(NEXT)
    home.fold(DAY)
    assert home.operation()["responsibility"] == "none"
    home.fold(NEXT)
    assert home.operation()["responsibility"] == "customer"


def test_a_version_is_confirmed_when_the_one_observed_is_the_target(home):
    versions = {
        # what it is: observed, wanted, confirmed
        "the version that was wanted": ("1.31.2", "1.31.2", True),
        "another version": ("1.30.4", "1.31.2", False),
        "versions are compared as they are written": ("v1.31.2", "1.31.2", False),
        "nobody looked": (None, "1.31.2", None),
        "a version was seen where none was named": ("1.31.2", None, False),
        "neither is known": (None, None, None),
    }
    folded(
        home,
        *(
            event("succeeded", "2026-11-20 09:00", operation=each, observed_version=observed, to_version=wanted)
            for each, (observed, wanted, _) in versions.items()
        ),
    )
    names = ("observed_version", "to_version", "version_confirmed")
    assert {row["operation_id"]: tuple(row[name] for name in names) for row in home.operations()} == versions


# The state's day, and what is folded again


def test_a_day_sees_only_what_was_delivered_by_then(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00"))
    home.deliver(NEXT, event("succeeded", "2026-11-20 09:00"), event("started", "2026-11-20 10:00", operation="new"))
    home.take_in(NEXT)
    home.fold(DAY)
    assert column(home, "state") == {"op": "running"}
    home.fold(NEXT)
    assert column(home, "state") == {"new": "running", "op": "succeeded"}
    home.fold(DAY)
    assert column(home, "state") == {"op": "running"}


def test_folding_a_day_again_changes_nothing_and_touches_nothing(home):
    folded(home, *attempt(1, "2026-11-20 01:00", "2026-11-20 02:00"), *attempt(2, "2026-11-20 03:00"))
    before = home.stored_operations()
    home.db.execute("DELETE FROM upgrades.touched_days")
    again = home.fold(THIRD)
    assert (again.operations, again.days) == (0, 0)
    assert home.stored_operations() == before


def test_a_late_success_gives_a_sibling_its_version_and_its_day_is_counted_again(home):
    # op-2 starts a day after op-1, whose success is delivered only then; op-3 on another pool stays out of it.
    home.deliver(DAY, *attempt(1, "2026-11-19 01:00", to_version="1.30.4"))
    home.deliver(NEXT, *attempt(2, "2026-11-20 01:00"), *attempt(3, "2026-11-21 01:00", node_pool="np2"))
    home.deliver(THIRD, event("succeeded", "2026-11-19 02:00", operation="op-1", node_pool="np", to_version="1.30.4"))
    home.take_in(THIRD)
    home.fold(NEXT)
    assert column(home, "from_version") == {"op-1": None, "op-2": None, "op-3": None}
    home.db.execute("DELETE FROM upgrades.touched_days")
    assert home.fold(THIRD).operations == 2
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.4", "op-3": None}
    assert home.touched_days() == {"2026-11-19", "2026-11-20"}


def test_a_late_success_ends_an_upgrade_and_renumbers_the_attempts_after_it(home):
    home.deliver(DAY, *attempt(1, "2026-11-18 01:00"), *attempt(2, "2026-11-19 01:00"), *attempt(3, "2026-11-20 01:00"))
    home.deliver(NEXT, event("succeeded", "2026-11-18 02:00", operation="op-1", node_pool="np", to_version="1.31.2"))
    home.take_in(NEXT)
    home.fold(DAY)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 3}
    home.db.execute("DELETE FROM upgrades.touched_days")
    home.fold(NEXT)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}
    assert home.touched_days() == {"2026-11-18", "2026-11-19", "2026-11-20"}


def test_a_late_earlier_attempt_at_a_named_upgrade_renumbers_those_after_it(home):
    # Neither upgrade nor version of op-2 changes, only its number.
    home.deliver(DAY, *attempt(2, "2026-11-20 01:00", upgrade_id="wave-7", from_version="1.30.4"))
    home.deliver(NEXT, *attempt(1, "2026-11-19 01:00", upgrade_id="wave-7", from_version="1.30.4"))
    home.take_in(NEXT)
    home.fold(DAY)
    assert column(home, "attempt") == {"op-2": 1}
    home.db.execute("DELETE FROM upgrades.touched_days")
    home.fold(NEXT)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2}
    assert home.touched_days() == {"2026-11-19", "2026-11-20"}


def test_an_operation_that_moves_to_another_pool_changes_the_siblings_it_leaves_and_those_it_joins(home):
    home.deliver(
        DAY,
        *attempt(1, "2026-11-18 01:00", "2026-11-18 02:00", "failed"),
        *attempt(2, "2026-11-19 01:00"),
        *attempt(3, "2026-11-20 01:00", node_pool="np2"),
    )
    home.deliver(NEXT, event("failed", "2026-11-18 03:00", operation="op-1", node_pool="np2", to_version="1.31.2"))
    home.take_in(NEXT)
    home.fold(DAY)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 1}
    home.db.execute("DELETE FROM upgrades.touched_days")
    home.fold(NEXT)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}
    assert home.touched_days() == {"2026-11-18", "2026-11-19", "2026-11-20"}


def test_another_first_attempt_gives_the_upgrade_another_name_though_numbers_stay(home):
    # op-1 turns out to belong to another pool, and op-0 to have come before op-2: that one is the second attempt still.
    home.deliver(DAY, *attempt(1, "2026-11-18 01:00"), *attempt(2, "2026-11-20 01:00"))
    home.deliver(
        NEXT,
        *attempt(0, "2026-11-19 01:00"),
        event("failed", "2026-11-18 03:00", operation="op-1", node_pool="np2", to_version="1.31.2"),
    )
    home.take_in(NEXT)
    home.fold(DAY)
    before = column(home, "upgrade_id")
    home.fold(NEXT)
    after = column(home, "upgrade_id")
    assert before["op-1"] == before["op-2"]
    assert after["op-0"] == after["op-2"] != after["op-1"]
    assert column(home, "attempt") == {"op-0": 1, "op-1": 1, "op-2": 2}


def test_an_earlier_start_moves_an_operation_to_another_day_and_touches_both(home):
    home.deliver(DAY, event("started", "2026-11-20 00:10"))
    home.deliver(NEXT, event("started", "2026-11-19 23:50"))
    home.take_in(NEXT)
    home.fold(DAY)
    home.db.execute("DELETE FROM upgrades.touched_days")
    home.fold(NEXT)
    assert home.operation()["day"] == day("2026-11-19")
    assert home.touched_days() == {"2026-11-19", "2026-11-20"}


def test_touched_days_are_kept_until_they_are_counted(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00"))
    home.deliver(NEXT, event("started", "2026-11-21 08:00", operation="new"))
    home.take_in(NEXT)
    home.fold(DAY)
    home.fold(NEXT)
    home.fold(DAY)
    assert home.touched_days() == {"2026-11-20", "2026-11-21"}


def test_a_late_file_of_an_old_day_is_folded_in_as_if_it_had_always_been_there(home):
    home.deliver(DAY, event("started", "2026-11-20 08:00"))
    home.deliver(NEXT, event("failed", "2026-11-20 09:00", source="b"))
    home.take_in(NEXT)
    home.fold(NEXT)
    # Same moment, and delivered a day earlier: the failure still is the latest.
    home.deliver(DAY, event("succeeded", "2026-11-20 09:00", source="c"), name="late.ndjson")
    home.take_in(NEXT)
    home.fold(NEXT)
    assert home.operation()["state"] == "failed"
    home.fold(DAY)
    assert home.operation()["state"] == "succeeded"


def test_an_operation_whose_only_file_is_gone_is_gone(home):
    home.deliver(DAY, *attempt(1, "2026-11-19 01:00", "2026-11-19 02:00", "failed"))
    home.deliver(NEXT, *attempt(2, "2026-11-20 01:00"))
    home.take_in(NEXT)
    home.fold(NEXT)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2}
    home.db.execute("DELETE FROM upgrades.touched_days")
    (home.folder / "landing" / "canonical" / DAY / "events.ndjson").write_text("")
    home.take_in(NEXT)
    home.fold(NEXT)
    assert column(home, "attempt") == {"op-2": 1}
    assert home.touched_days() == {"2026-11-19", "2026-11-20"}


# Properties over small sets of events


def deliver_all(home: SmallHome, days: dict[str, list[Row]]) -> None:
    for delivery_day, events in days.items():
        home.deliver(delivery_day, *events)


# Few, because each builds a warehouse or two; hundreds of each were tried when the tests were written.
SMALL = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SMALL
@given(deliveries())
def test_the_operations_are_those_of_a_plain_reading_of_the_contract(tmp_path_factory, days):
    folder = tmp_path_factory.mktemp("home")
    with small_home(folder) as home:
        home.inventory(*INVENTORY)
        deliver_all(home, days)
        home.take_in(THIRD)
        events, inventory = read_events(folder / "landing"), read_inventory(folder / "inventory")
        for upto in (NEXT, THIRD):
            home.fold(upto)
            assert home.operations() == reference_fold(events, inventory, upto=day(upto))


@SMALL
@given(deliveries(), st.lists(st.sampled_from([DAY, NEXT, THIRD]), min_size=1, max_size=3))
def test_the_state_is_the_same_whichever_days_it_went_through(tmp_path_factory, days, path):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        deliver_all(home, days)
        home.take_in(THIRD)
        for upto in path:
            home.fold(upto)
        travelled = home.stored_operations()
        home.start_again()
        home.fold(path[-1])
        assert travelled == home.stored_operations()


@settings(SMALL, max_examples=4)
@given(deliveries(), st.permutations([DAY, NEXT, THIRD]), st.floats(0, 1))
def test_the_state_is_the_same_in_whichever_order_deliveries_came_and_were_split(tmp_path_factory, days, order, share):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        deliver_all(home, days)
        home.take_in(THIRD)
        home.fold(THIRD)
        expected = home.stored_operations()
    with small_home(tmp_path_factory.mktemp("home")) as home:
        # Day by day in any order, each in two files of which one comes late; each day's lines keep their order.
        for delivery_day in order:
            events = days[delivery_day]
            cut = round(share * len(events))
            home.deliver(delivery_day, *events[cut:], name="b.ndjson")
            home.take_in(THIRD)
            home.fold(THIRD)
            home.deliver(delivery_day, *events[:cut], name="a.ndjson")
            home.take_in(THIRD)
            home.fold(THIRD)
        assert home.stored_operations() == expected


@SMALL
@given(deliveries())
def test_only_days_with_a_changed_operation_and_all_of_those_are_touched(tmp_path_factory, days):
    with small_home(tmp_path_factory.mktemp("home")) as home:
        deliver_all(home, days)
        home.take_in(THIRD)
        home.fold(NEXT)
        before = {(row["cluster_id"], row["operation_id"]): row for row in home.operations()}
        home.db.execute("DELETE FROM upgrades.touched_days")
        home.fold(THIRD)
        after = {(row["cluster_id"], row["operation_id"]): row for row in home.operations()}
        moved = [
            row["day"].isoformat()
            for key in before.keys() | after.keys()
            for row in (before.get(key), after.get(key))
            if row and before.get(key) != after.get(key)
        ]
        assert set(moved) <= home.touched_days()
        assert home.touched_days() <= {row["day"].isoformat() for row in (*before.values(), *after.values())}


@pytest.mark.slow
def test_very_many_operations_on_one_pool_are_no_trouble(home):
    # A sender that gives every cluster the same id must not stop the report: looking at each pair took minutes.
    moments = [at("2026-11-01 00:00") + timedelta(minutes=each) for each in range(20_000)]
    home.deliver(THIRD, *(each for number, moment in enumerate(moments) for each in attempt(number, str(moment), str(moment))))
    home.take_in(THIRD)
    began = time.process_time()
    home.fold(THIRD)
    assert time.process_time() - began < 20
    assert home.operation("op-19999")["from_version"] == "1.31.2"


def test_days_that_were_forgotten_and_not_taken_in_anew_are_missing_for_the_fold(home):
    for number in (20, 21, 22):
        home.deliver(f"2026-11-{number}", event("started", f"2026-11-{number} 08:00", operation=f"op-{number}"))
    home.take_in("2026-11-22")
    home.fold("2026-11-22")
    home.deliver("2026-11-20", event("started", "2026-11-20 09:00", operation="op-20"))
    home.take_in("2026-11-21")  # the 20th changed: all later days are forgotten, and two of three taken in anew
    home.fold("2026-11-21")
    with pytest.raises(IntakeUnfinished, match="from 2026-11-22 on was interrupted"):
        home.fold("2026-11-22")
    home.take_in("2026-11-22")
    home.fold("2026-11-22")
    assert home.operation("op-22")["state"] == "running"
