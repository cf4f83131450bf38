"""Upgrades in quiet times: the rates that were chosen, states of every kind, and histories without contradictions."""

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest

LAST_QUIET_DAY = date(2026, 10, 28)  # the first incident begins the day after

CUSTOMER_CODES = {
    "PodDrainFailure", "UnsatisfiablePDB", "QuotaExceeded", "SubnetIsFull", "RequestDisallowedByPolicy", "UpgradeFailed",
    "UpgradeBlockedOnDeprecatedAPIUsage", "K8SAPIServerConnFailVMExtensionError", "PodEvictionFailure",
    "InsufficientFreeAddresses", "AccessDenied", "POD_PDB_VIOLATION", "POD_NOT_ENOUGH_PDB", "AdmissionRequestDenied",
}  # fmt: skip


@pytest.fixture(scope="module")
def quiet(home):
    return [operation for operation in home.operations.values() if operation.day <= LAST_QUIET_DAY]


@pytest.fixture(scope="module")
def decided(quiet):
    return [operation for operation in quiet if operation.state in ("succeeded", "failed", "running")]


def share(operations, holds):
    return mean(bool(holds(operation)) for operation in operations)


def scope_is(scope):
    return lambda operation: operation.attributes["scope"] == scope


def test_a_quiet_month_fails_about_six_upgrades_in_a_thousand_half_of_them_through_the_customer(decided):
    failed = [operation for operation in decided if operation.state == "failed"]
    assert len(failed) / len(decided) == pytest.approx(0.006, abs=0.0013)  # three standard deviations of 37,000
    customers = share(failed, lambda operation: operation.attributes.get("error_code") in CUSTOMER_CODES)
    assert customers == pytest.approx(0.5, abs=0.1)


def test_a_quiet_month_meets_the_shipped_objectives(decided):
    bad = [operation for operation in decided if operation.state != "succeeded"]
    platform = [operation for operation in bad if operation.attributes.get("error_code") not in CUSTOMER_CODES]
    assert len(bad) / len(decided) < 0.01
    assert len(platform) / len(decided) < 0.005
    for scope, minutes in (("control_plane", 20), ("node_pool", 45)):
        of_scope = list(filter(scope_is(scope), decided))
        in_time = share(of_scope, lambda operation, seconds=60 * minutes: (operation.duration_seconds or 1e9) <= seconds)
        assert 0.95 < in_time < 0.985


@pytest.mark.parametrize(
    ("state", "least", "most"),
    [
        pytest.param("cancelled", 0.003, 0.005, id="four in a thousand are cancelled"),
        pytest.param("superseded", 0.002, 0.004, id="three in a thousand are superseded"),
        pytest.param("skipped", 0.0015, 0.004, id="some announced ones are skipped"),
        pytest.param("scheduled", 0.001, 0.003, id="some announced ones never start"),
        pytest.param("running", 0.0001, 0.001, id="a few start and are never heard of again"),
    ],
)
def test_quiet_upgrades_end_in_every_state(quiet, state, least, most):
    assert least < share(quiet, lambda operation: operation.state == state) < most


def test_nearly_all_announced_upgrades_begin_within_minutes_and_a_few_a_day_late(quiet):
    begun = [op.moments for op in quiet if "scheduled" in op.moments and "started" in op.moments]
    delays = [(moments["started"] - moments["scheduled"]).total_seconds() for moments in begun]
    late = [delay for delay in delays if delay > 86_400]
    assert median(delays) < 15 * 60
    assert 0.0001 < len(late) / len(delays) < 0.0012  # five in ten thousand, of about 17,000
    assert not [delay for delay in delays if 3 * 3600 < delay <= 86_400]


def test_a_quiet_month_meets_the_shipped_objective_on_starts(quiet):
    announced = [op for op in quiet if "scheduled" in op.moments and (op.state == "scheduled" or "started" in op.moments)]
    is_bad = [op.state == "scheduled" or (op.moments["started"] - op.moments["scheduled"]).days >= 1 for op in announced]
    assert 0.001 < mean(is_bad) < 0.005


def test_upgrades_are_in_flight_when_the_last_day_ends(home):
    in_flight = [op for op in home.operations.values() if op.state == "running" and op.day == home.summary.last_day]
    assert len(in_flight) > 10


def test_about_as_many_upgrades_begin_as_were_asked_for_fewer_at_weekends(quiet):
    per_day = Counter(operation.day for operation in quiet)
    assert mean(per_day.values()) == pytest.approx(1000, rel=0.05)
    weekend = [count for day, count in per_day.items() if day.weekday() >= 5]
    midweek = [count for day, count in per_day.items() if 1 <= day.weekday() <= 3]
    assert mean(weekend) / mean(midweek) == pytest.approx(0.8 / 1.1, rel=0.06)


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        pytest.param("scope", {"control_plane", "node_pool", "node_image"}, id="every scope"),
        pytest.param("provider", {"aks", "gke", "eks", "openshift", None}, id="every provider, sometimes left to the inventory"),
        pytest.param(
            "trigger", {"manual", "auto_channel", "maintenance", "forced_eol", "ci", "unknown", None}, id="every trigger"
        ),
        pytest.param(
            "workload_type",
            {
                "web", "ml_batch", "stateful_db", "streaming", "batch_etl", "ci_runner", "gpu_inference", "realtime_voice",
                "game_server", None,
            },
            id="every workload, sometimes left to the inventory",
        ),
    ],
)  # fmt: skip
def test_dimensions_have_all_their_values(quiet, attribute, values):
    with_start = [operation for operation in quiet if "started" in operation.moments]
    assert {operation.attributes.get(attribute) for operation in with_start} == values


def test_only_announced_upgrades_are_automatic(quiet):
    triggers = {operation.attributes.get("trigger") for operation in quiet if "scheduled" in operation.moments}
    assert not triggers & {"manual", "ci"}


def test_larger_node_pools_take_longer(quiet):
    pools = [op for op in quiet if op.attributes["scope"] == "node_pool" and op.state == "succeeded" and op.duration_seconds]
    small = [op.duration_seconds for op in pools if op.attributes.get("node_count", 99) <= 4]
    large = [op.duration_seconds for op in pools if op.attributes.get("node_count", 0) >= 20]
    assert median(large) > 1.8 * median(small)


def test_clusters_that_use_deprecated_apis_say_so_in_full_names(quiet):
    using = [operation for operation in quiet if "api_features" in operation.attributes]
    assert share(quiet, lambda operation: "api_features" in operation.attributes) == pytest.approx(0.12, abs=0.03)
    names = {name for operation in using for name in operation.attributes["api_features"]}
    assert "policy/v1beta1/PodDisruptionBudget" in names
    assert all(re.fullmatch(r"[a-z0-9.]+/v\d+(alpha|beta)\d+/[A-Z][A-Za-z]+", name) for name in names)


def resource_of(operation):
    return operation.attributes["cluster_id"], operation.attributes.get("node_pool")


def test_a_resource_is_upgraded_once_at_a_time(home):
    spans = defaultdict(list)
    for operation in home.operations.values():
        if operation.duration_seconds is not None and operation.duration_seconds >= 0:
            spans[resource_of(operation)].append((operation.moments["started"], operation.moments[operation.state]))
    for of_resource in spans.values():
        ordered = sorted(of_resource)
        assert all(end <= start for (_, end), (start, _) in pairwise(ordered))


def test_upgrades_start_from_the_version_that_the_last_one_left(home):
    histories = defaultdict(list)
    for operation in home.operations.values():
        if "started" in operation.moments and "to_version" in operation.attributes:
            key = (*resource_of(operation), operation.attributes["scope"] == "node_image")
            histories[key].append(operation)
    steps, contradictions = 0, 0
    for history in histories.values():
        running = None
        for operation in sorted(history, key=lambda operation: operation.moments["started"]):
            stated = operation.attributes.get("from_version")
            if running is not None and stated is not None:
                steps += 1
                contradictions += stated != running
            if stated is not None:
                running = stated
            if operation.state == "succeeded":
                running = operation.attributes["to_version"]
    assert steps > 10_000
    # Late or lost events and successes that did not take hold leave a few.
    assert contradictions / steps < 0.002


def test_retries_share_the_upgrade_when_the_agent_knows_it(home):
    attempts = defaultdict(list)
    for operation in home.operations.values():
        if "upgrade_id" in operation.attributes:
            attempts[operation.attributes["upgrade_id"]].append(operation)
    retried = [sorted(of_one, key=lambda op: op.day) for of_one in attempts.values() if len(of_one) > 1]
    assert len(retried) > 50
    for of_one in retried:
        assert len({resource_of(operation) for operation in of_one}) == 1
        assert len({op.attributes["to_version"] for op in of_one if "to_version" in op.attributes}) == 1
    known = share(home.operations.values(), lambda operation: "upgrade_id" in operation.attributes)
    assert known == pytest.approx(0.6, abs=0.03)


def test_a_few_ends_are_stamped_before_their_starts_and_a_few_starts_are_lost(home):
    durations = [op.duration_seconds for op in home.operations.values() if op.duration_seconds is not None]
    assert 0 < sum(duration < 0 for duration in durations) / len(durations) < 0.001
    orphans = [op for op in home.operations.values() if op.state == "succeeded" and "started" not in op.moments]
    assert 0 < len(orphans) / len(home.operations) < 0.003


def test_a_success_says_which_version_runs_and_rarely_it_is_the_old_one(home):
    observed = [op for op in home.operations.values() if "observed_version" in op.attributes and "to_version" in op.attributes]
    wrong = [op for op in observed if op.attributes["observed_version"] != op.attributes["to_version"]]
    assert len(observed) / len(home.operations) == pytest.approx(0.6, abs=0.04)
    assert 0 < len(wrong) / len(observed) < 0.001
    for operation in wrong:
        assert operation.attributes["observed_version"] == operation.attributes.get(
            "from_version", operation.attributes["observed_version"]
        )


def test_automatic_upgrades_of_weekend_clusters_happen_at_weekends(home):
    """Clusters whose automatic upgrades were never on a weekday exist: their maintenance window is closed then."""
    weekdays = defaultdict(set)
    for operation in home.operations.values():
        if operation.attributes.get("trigger") == "auto_channel" and "started" in operation.moments:
            planned = operation.moments["started"] - timedelta(hours=1)
            weekdays[operation.attributes["cluster_id"]].add(planned.weekday() >= 5)
    assert sum(days == {True} for days in weekdays.values()) > len(weekdays) / 20
