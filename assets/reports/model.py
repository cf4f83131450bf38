"""The report's data: everything the page and the summary say, read from the tables as of one day.

Belongs here: reading frames and the few facts around them.
Does not belong here: sentences and charts (`page.py`, `summary.py`), computing status (`assets/slo/`).
"""

from dataclasses import replace
from datetime import date, timedelta

import duckdb
import polars as pl

from assets.frames import query
from assets.health import always_valid
from assets.health.api_use import read_api_use
from assets.health.follow_up import read_durations
from assets.moments import end_of
from assets.reports.basis import Basis
from assets.reports.maturity import settled_on
from assets.reports.report_data import ReportData, Versions
from assets.reports.tables import MOST_CODES, MOST_NAMED, MOST_ROWS, MOST_SAMPLES
from assets.reports.verdicts import Verdict
from assets.slo import slices
from assets.slo.cells import require_day
from assets.slo.classification import REACHED_ITS_VERSION, reached_sql
from assets.slo.closed_cohorts import closed_cohorts
from assets.slo.objectives import START_DELAY, Objectives
from assets.slo.version_counts import version_counts
from assets.slo.windows import on_day
from assets.sql_files import compose, sql_beside
from assets.telemetry.flags import Flag
from assets.upgrades.catalogue import Catalogue
from assets.upgrades.errors import known_codes

sql = sql_beside(__file__)

OVERDUE_AFTER = timedelta(hours=24)
_IS_NOOP = f"flags & {Flag.SUSPECTED_NOOP:d} > 0"
LATELY_DAYS = 28  # what is not an objective's is looked at over these days


def read_report_data(
    db: duckdb.DuckDBPyConnection,
    *,
    day: date,
    objectives: Objectives,
    basis: Basis,
    verdicts: tuple[Verdict, ...],
    revision: int = 1,
    catalogue: Catalogue | None = None,
) -> ReportData:
    """What the report of `day` shows, as its first revision unless told otherwise.

    Raises:
        WrongDay: when the tables underneath do not stand at `day`.
    """
    require_day(db, day)
    objectives = replace(objectives, objectives=tuple(on_day(each, day) for each in objectives.objectives))
    longest_window = max([LATELY_DAYS, *(each.window_days for each in objectives.objectives)])
    values = {"report_date": day}
    whole_window = values | {"first_day": day - timedelta(days=longest_window - 1)}
    lately = values | {"first_day": day - timedelta(days=LATELY_DAYS - 1)}
    codes = {"known": sorted(known_codes()), "most": MOST_CODES}
    overdue = {"started_before": end_of(day) - OVERDUE_AFTER}
    start_limit = _start_limit(objectives)
    reached = {"outcome": reached_sql(), "reached": REACHED_ITS_VERSION}
    return ReportData(
        report_date=day,
        as_of=end_of(day),
        settled_on=_settled_on(db, objectives, whole_window),
        revision=revision,
        code_version=basis.code_version,
        inputs_sha256=basis.inputs_sha256,
        objectives_sha256=basis.objectives_sha256,
        objectives=objectives.objectives,
        status=query(db, sql("report_status"), values),
        daily=query(db, sql("report_daily"), whole_window),
        shifted=query(db, sql("report_shifted"), values | _windows(objectives, day)),
        alarms=always_valid.judged(closed_cohorts(db, day=day, objectives=objectives)),
        alerts=query(db, sql("report_alerts"), values),
        reasons=query(db, sql("report_reasons"), lately | {"most": MOST_SAMPLES}),
        overdue=query(db, sql("report_overdue"), overdue | {"as_of": end_of(day), "most": MOST_ROWS}),
        overdue_count=db.execute(sql("count_overdue"), overdue).fetchall()[0][0],
        unstarted=query(db, sql("report_unstarted"), lately | {"due": end_of(day) - start_limit, "most": MOST_NAMED}),
        start_limit_seconds=start_limit.total_seconds(),
        attempts=query(db, compose(sql("report_attempts"), **reached), lately | {"as_of": end_of(day)}),
        claims=query(db, compose(sql("count_claims"), noop=_IS_NOOP), lately),
        contradicted=query(db, compose(sql("report_contradicted"), noop=_IS_NOOP), lately | {"most": MOST_NAMED}),
        api_use=read_api_use(db, day=day, first_day=lately["first_day"]),
        unknown_codes=query(db, sql("report_unknown_codes"), lately | codes),
        ledger=query(db, sql("report_ledger"), values),
        quarantine=query(db, sql("report_quarantine"), lately),
        not_upgrades=query(db, sql("report_not_upgrades"), lately),
        other_operations=query(db, sql("report_other_operations"), lately),
        deliveries=query(db, sql("report_deliveries"), values),
        checks=pl.DataFrame(
            [(v.suite, v.check, v.severity, v.passed, v.observed, v.rule) for v in verdicts],
            schema={
                "suite": pl.String,
                "check": pl.String,
                "severity": pl.String,
                "passed": pl.Boolean,
                "observed": pl.String,
                "rule": pl.String,
            },
            orient="row",
        ),
        durations=read_durations(db, day=day, objectives=objectives),
        versions=Versions(catalogue, version_counts(db, day=day, objectives=objectives)) if catalogue else None,
    )


def _windows(objectives: Objectives, day: date) -> dict[str, object]:
    """What `report_shifted` asks of every objective, and the first day that any of them looks at."""
    first_days = [day - timedelta(days=each.window_days - 1) for each in objectives.objectives]
    return {
        "slos": [each.name for each in objectives.objectives],
        "grains": [",".join(slices.finest(each)) for each in objectives.objectives],
        "first_days": first_days,
        "first_day": min(first_days, default=day) - timedelta(days=1),
    }


def _start_limit(objectives: Objectives) -> timedelta:
    """After what delay a scheduled upgrade is listed as one that has not begun: the first objective's on that, else a day."""
    limits = (each.value for each in objectives.objectives if each.measured == START_DELAY and each.op in {"lte", "lt"})
    limit = next(limits, None)
    return OVERDUE_AFTER if limit is None else timedelta(seconds=limit)


def _settled_on(db: duckdb.DuckDBPyConnection, objectives: Objectives, window: dict[str, date]) -> date | None:
    [(newest,)] = db.execute(sql("newest_operation"), window).fetchall()
    return None if newest is None else settled_on(newest, objectives.objectives)
