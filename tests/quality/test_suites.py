"""Every expectation of every suite, held against a warehouse in which exactly its promise is broken.

The faults are planted by SQL in a copy of a healthy home. Where a fault cannot help breaking a second promise, it says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest

from assets.home import Home
from assets.reports.verdicts import ERROR, WARNING, decision
from quality.checks import TableSuite, judge_and_store, table_suites
from tests.data.whole_home import WholeHome
from tests.quality.conftest import REPORT_DAY

TODAY, YESTERDAY = "DATE '2026-11-20'", "DATE '2026-11-19'"
SECOND_EVENT = f"delivery_day = {TODAY} AND id = 'quick-2026-11-20-succeeded'"
# One row of each slicing of one SLO's start-day, so that all slicings change alike.
ONE_CELL_PER_SLICING = f"""
    rowid IN (SELECT min(rowid) FROM slo.cells WHERE slo = 'success' AND day = {YESTERDAY} GROUP BY slice_by)
"""
FLEET_OF_THE_WEEK = "slo = 'success' AND \"window\" = '7d' AND slice_by = ''"
RULE_OF_THE_WEEK = "slo = 'success' AND condition = '25-percent-in-7d'"
REPLAYED_RULE = "slo = 'success' AND condition = '5-percent-in-6h'"
LONE_SLICE = "slo = 'success' AND \"window\" = '7d' AND slice_by = 'scope' AND scope = 'node_pool'"


@dataclass(frozen=True)
class Fault:
    """Statements that break one promise, words that the verdict says about it, and checks that cannot help failing with it."""

    statements: Sequence[str]
    observed: str
    with_it: frozenset[str] = frozenset()


def fault(*statements: str, observed: str, with_it: Sequence[str] = ()) -> Fault:
    return Fault(statements, observed, frozenset(with_it))


def ledger_days(count: int, records: int) -> str:
    """Days before the first delivery, each with one file of this many records, all accepted."""
    return f"""
        INSERT INTO telemetry.files BY NAME
        SELECT
            1000 + n AS file_id, 'canonical/old-' || n AS path, 'canonical' AS source,
            DATE '2026-11-16' - n::INTEGER AS delivery_day, '0:0' AS stamp, 'of file ' || n AS sha256, 1 AS bytes,
            {records} AS lines, 0 AS blank, {records} AS records,
            {records} AS accepted, 0 AS duplicate, 0 AS quarantined, 0 AS not_an_upgrade,
            {records} AS events, 'taken_in' AS status
        FROM range({count}) AS old(n)
    """


def quarantined_today(count: int) -> list[str]:
    """So many refused lines on top of the report day's seven accepted ones, in the quarantine and in the ledger."""
    return [
        f"""
        INSERT INTO telemetry.quarantine BY NAME
        SELECT file_id, path, delivery_day, 100 + n AS line, 'invalid_json' AS reason, ''::BLOB AS raw
        FROM telemetry.files, range({count}) AS refused(n)
        WHERE delivery_day = {TODAY}
        """,
        f"""
        UPDATE telemetry.files SET lines = lines + {count}, records = records + {count}, quarantined = quarantined + {count}
        WHERE delivery_day = {TODAY}
        """,
    ]


FAULTS = {
    # ledger
    "has_deliveries": fault("DELETE FROM telemetry.files", observed="0"),
    "files_are_readable": fault(
        f"UPDATE telemetry.files SET status = 'failed', error = 'it is no complete gzip stream' WHERE delivery_day = {YESTERDAY}",
        observed="canonical/2026-11-19/part-0.ndjson: it is no complete gzip stream",
    ),
    "records_are_accounted_for": fault(
        f"UPDATE telemetry.files SET accepted = accepted - 1 WHERE delivery_day = {YESTERDAY}", observed="1 of 4 rows: 1"
    ),
    "lines_are_accounted_for": fault(
        f"UPDATE telemetry.files SET lines = lines + 2 WHERE delivery_day = {YESTERDAY}", observed="1 of 4 rows: 2"
    ),
    "days_have_no_gap": fault(f"DELETE FROM telemetry.files WHERE delivery_day = {YESTERDAY}", observed="1 (2026-11-19)"),
    "volume_is_plausible": fault(ledger_days(10, 1_000), observed="0.007", with_it=["volume_is_usual"]),
    "volume_is_usual": fault(
        ledger_days(10, 1_000),
        f"UPDATE telemetry.files SET lines = 400, records = 400, accepted = 400 WHERE delivery_day = {TODAY}",
        observed="0.4",
    ),
    # events
    "day_has_files": fault(f"DELETE FROM telemetry.files WHERE delivery_day = {TODAY}", observed="0"),
    "accepted_records_are_stored": fault(
        f"UPDATE telemetry.events SET record = 1 WHERE delivery_day = {TODAY} AND id LIKE 'quick-%'", observed="1 of 1 rows: 1"
    ),
    "events_are_stored": fault(
        f"UPDATE telemetry.events SET record = 1 WHERE {SECOND_EVENT}",
        f"INSERT INTO telemetry.events SELECT * REPLACE (id || '-again' AS id) FROM telemetry.events WHERE {SECOND_EVENT}",
        observed="1 of 1 rows: -1",
    ),
    "quarantined_records_are_stored": fault(quarantined_today(1)[0], observed="1 of 1 rows: -1"),
    "other_records_are_stored": fault(
        f"""
        INSERT INTO telemetry.not_upgrades BY NAME
        SELECT file_id, delivery_day, 1 AS line, 'node_repair' AS class FROM telemetry.files WHERE delivery_day = {TODAY}
        """,
        observed="1 of 1 rows: -1",
    ),
    "identities_are_unique": fault(
        f"UPDATE telemetry.events SET id = 'quick-2026-11-20-started' WHERE {SECOND_EVENT}",
        observed="1 of 1 rows: 2",
    ),
    "times_are_possible": fault(
        f"UPDATE telemetry.events SET time = '2026-11-23 00:00:01' WHERE {SECOND_EVENT}",
        observed="1 of 1 rows: 1",
    ),
    "values_are_known": fault(
        f"UPDATE telemetry.events SET scope = 'moon' WHERE {SECOND_EVENT}",
        observed="1 of 1 rows: 1",
    ),
    "few_are_quarantined": fault(*quarantined_today(1), observed="0.125"),
    "most_are_read": fault(*quarantined_today(21), observed="0.75", with_it=["few_are_quarantined"]),
    # operations
    "has_operations": fault("DELETE FROM upgrades.operations", observed="0"),
    "operations_are_unique": fault(
        "INSERT INTO upgrades.operations SELECT * FROM upgrades.operations WHERE operation_id = 'quick-2026-11-18'",
        observed="1 of 4 rows: 1",
    ),
    "states_are_known": fault(
        "UPDATE upgrades.operations SET state = 'lost' WHERE operation_id = 'quick-2026-11-18'", observed="1 of 4 rows: 1"
    ),
    "ends_are_dated": fault(
        "UPDATE upgrades.operations SET finished_at = NULL, duration_seconds = NULL WHERE operation_id = 'quick-2026-11-18'",
        observed="1 of 4 rows: 1",
    ),
    "days_follow_the_start": fault(
        "UPDATE upgrades.operations SET day = day - 1 WHERE operation_id = 'quick-2026-11-18'", observed="1 of 4 rows: 1"
    ),
    "durations_are_possible": fault(
        "UPDATE upgrades.operations SET duration_seconds = -1 WHERE operation_id = 'quick-2026-11-18'", observed="1 of 4 rows: 1"
    ),
    "attempts_are_numbered": fault(
        "UPDATE upgrades.operations SET attempt = 2 WHERE operation_id = 'quick-2026-11-18'", observed="1 of 4 rows: 1"
    ),
    "failures_have_an_owner": fault(
        "UPDATE upgrades.operations SET responsibility = 'none' WHERE operation_id = 'broken-2026-11-18'",
        observed="1 of 4 rows: 1",
    ),
    "running_are_listed": fault(
        "INSERT INTO upgrades.running SELECT thread_key, cluster_id, operation_id, scope, node_pool, from_version, "
        "to_version, region, workload_type, started_at FROM upgrades.operations WHERE operation_id = 'quick-2026-11-18'",
        observed="1 of 4 rows: -1",
    ),
    "events_are_folded": fault(
        "DELETE FROM upgrades.operations WHERE operation_id = 'quick-2026-11-20'", observed="4 of 4 rows: 1, 1, 1, 1"
    ),
    # cells
    "has_cells": fault(
        "DELETE FROM slo.cells WHERE slo = 'speed'", observed="missing: speed", with_it=["operations_are_counted"]
    ),
    "slices_add_up": fault(
        f"""
        UPDATE slo.cells SET good = good + 1, bad = bad - 1
        WHERE slo = 'success' AND day = {YESTERDAY} AND slice_by = 'scope' AND scope = 'node_pool'
        """,
        observed="1 of 8 rows: 2",
    ),
    "counts_are_possible": fault(
        f"UPDATE slo.cells SET good = good + 9, bad = bad - 9 WHERE {ONE_CELL_PER_SLICING}", observed="1 of 8 rows: 5"
    ),
    "cells_are_unique": fault(
        f"""
        INSERT INTO slo.cells SELECT * REPLACE (0 AS good, 0 AS bad, 0 AS pending, 0 AS excluded)
        FROM slo.cells WHERE {ONE_CELL_PER_SLICING} AND slice_by = 'scope'
        """,
        observed="1 of 8 rows: 1",
    ),
    "operations_are_counted": fault(
        f"UPDATE slo.cells SET excluded = excluded + 3 WHERE {ONE_CELL_PER_SLICING}", observed="1 of 8 rows: 3"
    ),
    # status
    "has_every_window": fault("DELETE FROM slo.status WHERE slo = 'speed' AND \"window\" = '3d'", observed="missing: speed 3d"),
    "objectives_are_complete": fault(
        f"""
        INSERT INTO slo.status
        SELECT * REPLACE ('stranger' AS slo) FROM slo.status WHERE {LONE_SLICE}
        """,
        observed="unexpected: stranger",
        with_it=["slices_add_up"],
    ),
    "rows_are_unique": fault(
        f"""
        INSERT INTO slo.status
        SELECT * REPLACE (
            0 AS good, 0 AS bad, 0 AS pending, 0 AS excluded, 0 AS total, NULL AS sli, NULL AS sli_low, NULL AS sli_high,
            'no_data' AS verdict, 0 AS budget_allowed, 0 AS budget_spent, NULL AS budget_remaining
        )
        FROM slo.status WHERE {LONE_SLICE}
        """,
        observed="rows: 1, 1",
    ),
    "totals_are_sums": fault(
        "UPDATE slo.status SET total = total + 2 WHERE slo = 'speed' AND \"window\" = '7d' AND slice_by = 'to_version,region' "
        "AND region = 'eastus'",
        observed="rows: 2",
    ),
    "ratios_follow_the_counts": fault(f"UPDATE slo.status SET sli = sli + 0.001 WHERE {FLEET_OF_THE_WEEK}", observed="rows: 1"),
    "intervals_hold_the_ratio": fault(
        f"UPDATE slo.status SET sli_low = sli + 0.001 WHERE {FLEET_OF_THE_WEEK}", observed="rows: 1"
    ),
    "verdicts_are_known": fault(f"UPDATE slo.status SET verdict = 'fine' WHERE {FLEET_OF_THE_WEEK}", observed="rows: fine"),
    "verdicts_need_data": fault(f"UPDATE slo.status SET verdict = 'no_data' WHERE {FLEET_OF_THE_WEEK}", observed="rows: 1"),
    "windows_end_with_the_day": fault(
        f"UPDATE slo.status SET window_end = window_end + INTERVAL 1 HOUR WHERE {FLEET_OF_THE_WEEK}", observed="rows: 1"
    ),
    "budgets_follow_the_counts": fault(
        f"UPDATE slo.status SET budget_spent = bad + 1 WHERE {FLEET_OF_THE_WEEK}", observed="rows: 1"
    ),
    # alerts: two objectives with six rules each
    "every_rule_is_judged": fault(
        f"DELETE FROM slo.alerts WHERE {RULE_OF_THE_WEEK}", observed="missing: success 25-percent-in-7d"
    ),
    "alerts_are_unique": fault(
        f"INSERT INTO slo.alerts SELECT * FROM slo.alerts WHERE {RULE_OF_THE_WEEK}", observed="2 of 13 rows: 1, 1"
    ),
    "alert_states_are_known": fault(
        f"UPDATE slo.alerts SET state = 'resolved' WHERE {REPLAYED_RULE}", observed="1 of 12 rows: 1"
    ),
    "burn_rates_follow_the_counts": fault(
        f"UPDATE slo.alerts SET burn_rate = burn_rate + 0.1 WHERE {RULE_OF_THE_WEEK}", observed="1 of 12 rows: 1"
    ),
    "firing_is_earned": fault(
        f"UPDATE slo.alerts SET state = 'would_have_fired', first_at = judged_at, firing_minutes = 1 WHERE {REPLAYED_RULE}",
        observed="1 of 12 rows: 1",
    ),
    "no_data_has_no_counts": fault(
        f"UPDATE slo.alerts SET state = 'no_data' WHERE {RULE_OF_THE_WEEK}", observed="1 of 12 rows: 1"
    ),
    "moments_fit_the_day": fault(f"UPDATE slo.alerts SET first_at = judged_at WHERE {REPLAYED_RULE}", observed="1 of 12 rows: 1"),
    "windows_agree_with_the_status": fault(
        f"UPDATE slo.alerts SET bad = 6, total = 18, burn_rate = 6 / 18 / 0.1 WHERE {RULE_OF_THE_WEEK}",
        observed="1 of 12 rows: 8",
    ),
}
# Names that two suites share; here the second suite's.
FAULTS_OF_STATUS = {
    "slices_add_up": fault(f"UPDATE slo.status SET excluded = excluded + 1 WHERE {LONE_SLICE}", observed="rows: 1, 1"),
}


def suites() -> list[TableSuite]:
    return table_suites(Home(root=Path("unused")))


EXPECTATIONS = [(suite, check) for suite in suites() for check in suite.expectations.expectations]


def planted(suite: str, check: str) -> Fault:
    return FAULTS_OF_STATUS.get(check, FAULTS[check]) if suite == "status" else FAULTS[check]


@pytest.mark.parametrize(
    ("suite", "check"), [pytest.param(suite, check, id=f"{suite.expectations.name}-{check}") for suite, check in EXPECTATIONS]
)
def test_a_broken_promise_fails_its_own_check_and_no_other(healthy: WholeHome, suite: TableSuite, check: str):
    fault = planted(suite.expectations.name, check)
    with healthy.warehouse.transaction() as db:
        for statement in fault.statements:
            db.execute(statement)

    verdicts = judge_and_store(healthy.warehouse, healthy.home, day=REPORT_DAY, suites=[suite])

    failed = {each.check: each for each in verdicts if not each.passed}
    assert failed.keys() == {check, *fault.with_it}
    assert fault.observed in failed[check].observed
    refused = any(each.severity == ERROR for each in failed.values())
    reasons = healthy.home.refused / str(REPORT_DAY) / "reasons.json"
    assert reasons.exists() == refused
    if refused:
        told = {each["check"] for each in orjson.loads(reasons.read_bytes())["reasons"]}
        assert told == {name for name, each in failed.items() if each.severity == ERROR}
    basis = healthy.basis(REPORT_DAY)
    with healthy.warehouse.transaction() as db:
        decided = decision(db, day=REPORT_DAY, basis=basis)
    blamed = {each["check"] for each in decided.reasons if each["suite"] == suite.expectations.name}
    assert blamed - {"computed"} == {name for name, each in failed.items() if each.severity == ERROR}


def test_every_expectation_has_a_planted_fault_and_no_fault_is_left_over():
    assert {check for _, check in EXPECTATIONS} == FAULTS.keys() | FAULTS_OF_STATUS.keys()


def test_a_healthy_day_passes_every_check_and_may_be_published(healthy: WholeHome):
    verdicts = judge_and_store(healthy.warehouse, healthy.home, day=REPORT_DAY, suites=suites())

    assert [each for each in verdicts if not each.passed] == []
    assert [(each.suite, each.check) for each in verdicts] == [(suite.expectations.name, check) for suite, check in EXPECTATIONS]
    assert not healthy.home.refused.exists()
    basis = healthy.basis(REPORT_DAY)
    with healthy.warehouse.transaction() as db:
        decided = decision(db, day=REPORT_DAY, basis=basis)
    assert decided.may_publish
    assert decided.verdicts == tuple(verdicts)


def test_only_an_unusual_volume_and_a_few_refused_lines_are_no_reason_to_refuse():
    warnings = {check for suite, check in EXPECTATIONS if suite.expectations.expectations[check].severity == WARNING}
    assert warnings == {"volume_is_usual", "few_are_quarantined"}


def test_a_fleet_that_does_not_deliver_daily_is_only_warned_of_a_day_without_a_file(healthy: WholeHome):
    lenient = replace(healthy.home, gaps_are_errors=False)
    with healthy.warehouse.transaction() as db:
        db.execute(ledger_days(10, 1_000))
        db.execute(f"DELETE FROM telemetry.files WHERE delivery_day = {TODAY}")
        db.execute(f"DELETE FROM telemetry.events WHERE delivery_day = {TODAY}")

    verdicts = judge_and_store(healthy.warehouse, lenient, day=REPORT_DAY, suites=table_suites(lenient)[:2])

    assert {each.check: each.severity for each in verdicts if not each.passed} == {
        "days_have_no_gap": WARNING,
        "day_has_files": WARNING,
    }
    assert not lenient.refused.exists()
