"""Planted incidents: each shows in the written events, in its slice and its days, and as large as it is said to be."""

import json
from collections import Counter
from datetime import date, timedelta
from statistics import mean, median

import pytest

END = date(2026, 11, 20)


def decided(operations):
    return [operation for operation in operations if operation.state in ("succeeded", "failed")]


def failed_ratio(operations):
    return mean(operation.state == "failed" for operation in decided(operations))


def test_the_truth_lists_four_incidents_with_their_days(home):
    assert [(incident["kind"], incident["first_day"], incident["last_day"]) for incident in home.truth["incidents"]] == [
        ("release_regression", "2026-10-29", "2026-11-20"),  # two days after the canary got the build, to the end
        ("capacity_outage", "2026-10-31", "2026-11-02"),
        ("slow_drain", "2026-11-08", "2026-11-17"),
        ("security_wave", "2026-11-04", "2026-11-07"),
    ]


def test_all_incidents_lie_in_the_last_28_days(home):
    for incident in home.truth["incidents"]:
        assert incident["first_day"] > (END - timedelta(days=28)).isoformat()


def test_the_regressed_build_fails_in_its_slice_and_nowhere_else(home):
    incident = home.incident("release_regression")
    inside = home.within(incident)
    assert failed_ratio(inside) == pytest.approx(incident["failure_ratio"], abs=0.13)
    codes = Counter(op.attributes.get("error_code") for op in inside if op.state == "failed")
    assert codes["InternalOperationError"] > 0.8 * codes.total()
    elsewhere = ["eastus2", "southeastasia", "australiaeast", "japaneast"]
    assert failed_ratio(home.within(incident, region=elsewhere)) < 0.1
    others = ["web", "streaming", "batch_etl", "ci_runner", "stateful_db"]
    assert failed_ratio(home.within(incident, workload_type=others)) < 0.05


def test_the_fix_reaches_the_slice_in_the_last_days_and_works(home):
    incident = home.incident("release_regression")
    assert incident["fix_offered_from"] == {
        "northeurope": "2026-11-16",
        "uksouth": "2026-11-16",
        "westeurope": "2026-11-18",
    }
    fixed = home.within(incident, to_version=[incident["fixed_version"]])
    assert len(fixed) >= 10
    assert failed_ratio(fixed) < 0.2


def test_the_outage_fails_node_upgrades_of_its_region_while_it_lasts(home):
    incident = home.incident("capacity_outage")
    inside = home.within(incident)
    assert failed_ratio(inside) == pytest.approx(incident["failure_ratio"], abs=0.1)
    codes = Counter(op.attributes.get("error_code") for op in inside if op.state == "failed")
    assert codes["ZonalAllocationFailed"] > 0.9 * codes.total()
    assert failed_ratio(home.within(incident, region=["eastus2", "southeastasia"])) < 0.05
    assert failed_ratio(home.within(incident, scope=["control_plane"])) < 0.1


def test_the_slow_drain_takes_two_and_a_half_times_as_long(home):
    incident = home.incident("slow_drain")

    def median_seconds(operations):
        return median(op.duration_seconds for op in operations if op.state == "succeeded")

    normal = home.within(incident, region=["europe-west1", "us-east1", "asia-northeast1", "asia-south1", "europe-north1"])
    assert median_seconds(home.within(incident)) / median_seconds(normal) == pytest.approx(2.5, rel=0.25)


def test_the_critical_cve_is_answered_by_a_wave_of_security_upgrades(home):
    incident = home.incident("security_wave")
    per_day = Counter(op.day for op in home.operations.values() if op.attributes.get("trigger") == "security")
    first, last = date.fromisoformat(incident["first_day"]), date.fromisoformat(incident["last_day"])
    in_wave = sum(count for day, count in per_day.items() if first <= day <= last)
    assert in_wave > 0.75 * per_day.total()  # those who follow a channel take the fix later as security, too
    assert min(per_day) == first
    assert in_wave > 500  # half a day's upgrades, by one of four providers
    security = [op for op in home.operations.values() if op.attributes.get("trigger") == "security"]
    fixed = [op for op in security if op.attributes["to_version"] in incident["slice"]["to_version"]]
    assert len(fixed) > 0.98 * len(security)  # a retry goes to a later build when there is one by then
    assert {op.attributes.get("provider", "gke") for op in security} == {"gke"}


def test_the_fleet_misses_its_objective_in_the_last_28_days_but_not_before(home):
    def bad_ratio(first, last):
        of_window = [
            op for op in home.operations.values() if first <= op.day <= last and op.state in ("succeeded", "failed", "running")
        ]
        return mean(op.state != "succeeded" for op in of_window)

    assert bad_ratio(END - timedelta(days=28), END - timedelta(days=1)) > 0.012
    assert bad_ratio(END - timedelta(days=57), END - timedelta(days=30)) < 0.009


def test_the_truth_counts_what_the_incidents_did(home):
    for kind, code in (("release_regression", "InternalOperationError"), ("capacity_outage", "ZonalAllocationFailed")):
        incident = home.incident(kind)
        inside = home.within(incident)
        failed = [op for op in inside if op.attributes.get("error_code") == code]
        # Attributes that agents leave out and events that arrive after the end keep some from being found again.
        assert 0.7 * incident["operations_touched"] < len(inside) <= incident["operations_touched"]
        assert 0.7 * incident["failures_caused"] < len(failed) <= 1.1 * incident["failures_caused"]


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        pytest.param(5, [], id="no incident fits into five days"),
        pytest.param(13, ["slow_drain"], id="the slow drain began twelve days before the end"),
        pytest.param(12, [], id="and does not fit into twelve days"),
        pytest.param(21, ["capacity_outage", "slow_drain", "security_wave"], id="three weeks hold all but the regression"),
        pytest.param(23, ["release_regression", "capacity_outage", "slow_drain", "security_wave"], id="23 days hold all"),
    ],
)
def test_only_incidents_that_fit_are_planted(tmp_path, run, days, kinds):
    run(tmp_path, days=days, operations_per_day=5)
    truth = json.loads((tmp_path / "simulation" / "incidents.json").read_text())
    assert [incident["kind"] for incident in truth["incidents"]] == kinds
