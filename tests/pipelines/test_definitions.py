"""The definitions: they load, carry the names of the contract, and a run of the job shows in Dagster what it did."""

import itertools
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from assets.home import Home
from pipelines.definitions import build_definitions, defs
from quality.checks import table_suites
from tests.data.whole_home import WholeHome, new_home

ASSETS = ["telemetry_events", "upgrade_operations", "slo_cells", "slo_status", "daily_report", "alert_notifications"]
BLOCKING = {"error": True, "warning": False}
DAY = date(2026, 11, 18)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    home = new_home(tmp_path_factory.mktemp("run") / "home")
    home.deliver_ordinary_days(date(2026, 11, 17), 2)
    return home


@pytest.fixture(scope="module")
def definitions(whole: WholeHome) -> dg.Definitions:
    return build_definitions(home=whole.home, warehouse=whole.warehouse)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="module")
def ran(definitions: dg.Definitions, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = definitions.resolve_job_def("daily_slo_report")
    return job.execute_in_process(partition_key=DAY.isoformat(), instance=instance)


def test_the_definitions_load_without_a_warning(whole: WholeHome):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dg.Definitions.validate_loadable(build_definitions(home=whole.home, warehouse=whole.warehouse))


def test_the_definitions_of_the_environment_are_on_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UPGRADE_SLO_HOME", str(tmp_path / "home"))
    loaded = defs()
    dg.Definitions.validate_loadable(loaded)
    assert loaded.resources is not None
    assert loaded.resources["home"] == Home(root=tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_the_names_are_those_of_the_contract(definitions: dg.Definitions):
    assert {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()} == set(ASSETS)
    assert definitions.resolve_job_def("daily_slo_report").partitions_def is not None
    assert definitions.resolve_schedule_def("daily_slo_report_schedule").cron_schedule == "0 6 * * *"
    assert definitions.resolve_sensor_def("late_delivery_sensor").job_name == "daily_slo_report"


def test_each_asset_rests_on_the_one_before_it(definitions: dg.Definitions):
    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    for below, above in itertools.pairwise(ASSETS):
        assert [each.asset_key.to_user_string() for each in specs[above].deps] == [below]


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_says_whose_it_is_what_it_is_made_of_and_what_it_holds(definitions: dg.Definitions, name: str):
    [spec] = [spec for spec in definitions.resolve_all_asset_specs() if spec.key.to_user_string() == name]
    assert spec.owners == ["team:upgrade-slo"]
    assert spec.kinds
    assert spec.group_name in ("telemetry", "upgrades", "slo", "reports")
    assert len(str(spec.description)) > 40
    assert spec.partitions_def is not None


def test_every_expectation_is_a_check_and_blocks_exactly_when_it_is_an_error(definitions: dg.Definitions, whole: WholeHome):
    expected = {
        (suite.asset.key, check): BLOCKING[each.severity]
        for suite in table_suites(whole.home)
        for check, each in suite.expectations.expectations.items()
    }
    found = {(spec.asset_key, spec.name): spec.blocking for each in definitions.asset_checks or () for spec in each.check_specs}
    assert found == expected


def test_everything_that_opens_the_warehouse_waits_for_its_pool(definitions: dg.Definitions):
    job = definitions.resolve_job_def("daily_slo_report")
    assert {node.definition.pool for node in job.nodes} == {"warehouse"}


@pytest.mark.parametrize("name", ASSETS[:-1])  # the last one makes no table
def test_a_run_leaves_the_columns_and_the_number_of_rows_of_each_asset(ran: dg.ExecuteInProcessResult, name: str):
    [event] = [each for each in ran.asset_materializations_for_node(name) if each.partition == DAY.isoformat()]
    assert event.metadata["dagster/column_schema"].value.columns
    assert event.metadata["dagster/row_count"].value > 0


def test_a_run_that_catches_up_materialises_the_earlier_days_events_too(ran: dg.ExecuteInProcessResult):
    events = ran.asset_materializations_for_node("telemetry_events")
    assert sorted(str(each.partition) for each in events) == ["2026-11-17", "2026-11-18"]


def test_a_run_shows_every_verdict_with_its_day_and_what_was_observed(
    ran: dg.ExecuteInProcessResult, definitions: dg.Definitions
):
    evaluations = ran.get_asset_check_evaluations()
    assert all(each.passed for each in evaluations)
    assert len(evaluations) == sum(len(list(each.check_specs)) for each in definitions.asset_checks or ())
    for each in evaluations:
        assert str(each.description).startswith("2026-11-18: observed ")
        assert each.metadata.keys() >= {"day", "suite", "observed", "rule"}


def test_a_run_shows_its_alerts_and_tells_nobody_without_an_address(ran: dg.ExecuteInProcessResult, whole: WholeHome):
    [status] = [each for each in ran.asset_materializations_for_node("slo_status") if each.partition == DAY.isoformat()]
    assert status.metadata["alerts_firing"].value == 0
    listed = {record.data["condition"] for record in status.metadata["alerts"].value.records}
    assert "10-percent-in-1d" in listed  # without data: no day is closed yet
    [told] = ran.asset_materializations_for_node("alert_notifications")
    assert told.metadata["told"].value == "nobody: nothing is new"
    assert not whole.home.notified.exists()


def test_a_run_publishes(ran: dg.ExecuteInProcessResult, whole: WholeHome):
    assert ran.success
    assert (whole.published / "2026-11-18" / "report.html").is_file()


def test_a_failed_check_stops_the_run_before_anything_that_rests_on_its_table(
    whole: WholeHome, definitions: dg.Definitions, instance: dg.DagsterInstance, ran: dg.ExecuteInProcessResult
):
    assert ran.success
    before = {file: file.read_bytes() for file in whole.published.rglob("*") if file.is_file()}
    (whole.home.landing / "canonical" / "2026-11-18" / "torn.ndjson.gz").write_bytes(b"\x1f\x8b\x08\x00torn")

    job = definitions.resolve_job_def("daily_slo_report")
    stopped = job.execute_in_process(partition_key=DAY.isoformat(), instance=instance, raise_on_error=False)

    assert not stopped.success
    [failed] = [each for each in stopped.get_asset_check_evaluations() if not each.passed]
    assert (failed.check_name, failed.severity) == ("files_are_readable", dg.AssetCheckSeverity.ERROR)
    assert "canonical/2026-11-18/torn.ndjson.gz: it is no complete gzip stream" in str(failed.description)
    assert {event.step_key for event in stopped.all_events if event.is_step_start} == {
        "telemetry_events", "telemetry_events_suite",
    }  # fmt: skip
    assert (whole.home.refused / "2026-11-18" / "reasons.json").is_file()
    assert {file: file.read_bytes() for file in whole.published.rglob("*") if file.is_file()} == before
