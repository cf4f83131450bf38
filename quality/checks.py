"""Dagster checks: each asset's suites, blocking where a failure refuses the report, their verdicts stored.

Belongs here: one multi-asset check per asset, thin over `suites/` and `gate.py`.
Does not belong here: expectations (`suites/`), judging (`gate.py`), what a stored verdict allows (`assets/reports/verdicts.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
import duckdb

from assets.home import Home
from assets.partitions import day_of
from assets.reports.basis import basis_of
from assets.reports.publish import refuse
from assets.reports.verdicts import ERROR, Verdict, refusal, store_verdicts
from assets.slo.assets import slo_cells, slo_status
from assets.slo.objectives import Objectives, load_objectives
from assets.telemetry.assets import telemetry_events
from assets.telemetry.inventory import inventory_sha256
from assets.upgrades.assets import upgrade_operations
from assets.warehouse import Warehouse
from quality.gate import Suite, judge
from quality.suites import alerts, cells, events, ledger, operations, status

if TYPE_CHECKING:
    import pandas as pd

Prepare = Callable[[duckdb.DuckDBPyConnection, date, Objectives], tuple[Suite, "pd.DataFrame"]]


@dataclass(frozen=True)
class TableSuite:
    """A suite as the checks need it: the asset it judges, its expectations by name, and its frame of a day."""

    asset: dg.AssetsDefinition
    expectations: Suite
    prepare: Prepare


def table_suites(home: Home) -> list[TableSuite]:
    """Every suite, in the order in which the tables are made. The expectations' names do not depend on the day."""
    strict = home.gaps_are_errors
    nothing = Objectives(objectives=(), sha256="")
    return [
        TableSuite(
            telemetry_events,
            ledger.suite(gaps_are_errors=strict),
            lambda db, day, _: (ledger.suite(gaps_are_errors=strict), ledger.frame(db, day)),
        ),
        TableSuite(
            telemetry_events,
            events.suite(gaps_are_errors=strict),
            lambda db, day, _: (events.suite(gaps_are_errors=strict), events.frame(db, day)),
        ),
        TableSuite(
            upgrade_operations,
            operations.suite(at_least=0),
            lambda db, day, _: (
                operations.suite(at_least=operations.rows_asked_for(db, day)),
                operations.frame(db, day),
            ),
        ),
        TableSuite(
            slo_cells,
            cells.suite(asked_for=()),
            lambda db, day, objectives: (
                cells.suite(asked_for=cells.slos_asked_for(db, day, objectives)),
                cells.frame(db, day, objectives),
            ),
        ),
        TableSuite(
            slo_status,
            status.suite(nothing),
            lambda db, day, objectives: (status.suite(objectives), status.frame(db, day, objectives)),
        ),
        TableSuite(
            slo_status,
            alerts.suite(nothing, date.max),
            lambda db, day, objectives: (alerts.suite(objectives, day), alerts.frame(db, day)),
        ),
    ]


def build_checks(home: Home) -> list[dg.AssetChecksDefinition]:
    """One check definition per asset, holding all of its suites."""
    suites: dict[dg.AssetKey, list[TableSuite]] = {}
    for each in table_suites(home):
        suites.setdefault(each.asset.key, []).append(each)
    return [_checks(group) for group in suites.values()]


def judge_and_store(warehouse: Warehouse, home: Home, *, day: date, suites: list[TableSuite]) -> list[Verdict]:
    """Judge the tables of `day`, store the verdicts, and record the refusal when an error is among them."""
    objectives = load_objectives(home.objectives)
    verdicts: list[Verdict] = []
    with warehouse.transaction() as db:
        basis = basis_of(
            db,
            day=day,
            objectives_sha256=objectives.sha256,
            inventory_sha256=inventory_sha256(home.inventory),
        )
        prepared = [each.prepare(db, day, objectives) for each in suites]
    for suite, frame in prepared:
        judged = judge(frame, suite)
        verdicts += judged
        with warehouse.transaction() as db:
            store_verdicts(db, day=day, suite=suite.name, verdicts=judged, basis=basis.sha256)
    decided = refusal(verdicts)
    if not decided.may_publish:
        refuse(home.refused, day=day, decision=decided)
    return verdicts


def _checks(suites: list[TableSuite]) -> dg.AssetChecksDefinition:
    asset = suites[0].asset
    expectations = {name: each for suite in suites for name, each in suite.expectations.expectations.items()}

    @dg.multi_asset_check(
        name=f"{asset.key.to_user_string()}_suite",
        specs=[
            dg.AssetCheckSpec(name, asset=asset, blocking=each.severity == ERROR, description=each.rule)
            for name, each in expectations.items()
        ],
        pool="warehouse",
    )
    def suite_of_asset(
        context: dg.AssetCheckExecutionContext,
        home: dg.ResourceParam[Home],
        warehouse: dg.ResourceParam[Warehouse],
    ) -> Iterator[dg.AssetCheckResult]:
        day = day_of(context)
        for verdict in judge_and_store(warehouse, home, day=day, suites=suites):
            yield dg.AssetCheckResult(
                check_name=verdict.check,
                asset_key=asset.key,
                passed=verdict.passed,
                severity=dg.AssetCheckSeverity.ERROR if verdict.severity == ERROR else dg.AssetCheckSeverity.WARN,
                description=f"{day}: observed {verdict.observed}; accepted: {verdict.rule}",
                metadata={
                    "day": str(day),
                    "suite": verdict.suite,
                    "observed": verdict.observed,
                    "rule": verdict.rule,
                },
            )

    return suite_of_asset
