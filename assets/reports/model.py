"""The report's data: everything the page and the summary say, read from the tables as of one day.

Belongs here: reading frames and the few facts around them.
Does not belong here: sentences and charts (`page.py`, `summary.py`), computing status (`assets/slo/`).
"""

from datetime import date, datetime, timedelta

import duckdb
import polars as pl

from assets.frames import query
from assets.moments import end_of
from assets.reports.basis import Basis
from assets.reports.report_data import ReportData
from assets.reports.tables import MOST_ROWS
from assets.reports.verdicts import Verdict
from assets.slo.cells import require_day
from assets.slo.objectives import Objectives
from assets.sql_files import sql_beside

sql = sql_beside(__file__)

OVERDUE_AFTER = timedelta(hours=24)
REASONS_WINDOW_DAYS = 28


def read_report_data(
    db: duckdb.DuckDBPyConnection,
    *,
    day: date,
    objectives: Objectives,
    basis: Basis,
    verdicts: tuple[Verdict, ...],
    revision: int = 1,
) -> ReportData:
    """What the report of `day` shows, as its first revision unless told otherwise.

    Raises:
        WrongDay: when the tables underneath do not stand at `day`.
    """
    require_day(db, day)
    longest_window = max([REASONS_WINDOW_DAYS, *(each.window_days for each in objectives.objectives)])
    values = {"report_date": day}
    overdue = {"started_before": end_of(day) - OVERDUE_AFTER}
    return ReportData(
        report_date=day,
        as_of=end_of(day),
        maturity=_maturity(db, day, objectives, longest_window),
        revision=revision,
        code_version=basis.code_version,
        inputs_sha256=basis.inputs_sha256,
        objectives_sha256=basis.objectives_sha256,
        objectives=objectives.objectives,
        status=query(db, sql("report_status"), values),
        daily=query(db, sql("report_daily"), values | {"first_day": day - timedelta(days=longest_window - 1)}),
        reasons=query(db, sql("report_reasons"), values | {"first_day": day - timedelta(days=REASONS_WINDOW_DAYS - 1)}),
        overdue=query(db, sql("report_overdue"), overdue | {"as_of": end_of(day), "most": MOST_ROWS}),
        overdue_count=db.execute(sql("count_overdue"), overdue).fetchall()[0][0],
        ledger=query(db, sql("report_ledger"), values),
        quarantine=query(db, sql("report_quarantine"), values),
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
    )


def _maturity(db: duckdb.DuckDBPyConnection, day: date, objectives: Objectives, window_days: int) -> str:
    """`final` when no operation of the window can change any more: deadlines and the allowance for late data have passed."""
    [(newest,)] = db.execute(
        "SELECT max(day) FROM upgrades.operations WHERE day > ? AND day <= ?",
        [day - timedelta(days=window_days), day],
    ).fetchall()
    if newest is None:
        return "final"
    wait = max(
        (max(each.deadline_seconds, each.value or 0) + each.late_data_horizon_seconds for each in objectives.objectives),
        default=0,
    )
    settled_at: datetime = end_of(newest) + timedelta(seconds=wait)
    return "final" if end_of(day) >= settled_at else "preliminary"
