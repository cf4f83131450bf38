"""Budgets of time slices: the operations of a window by when they started, in slices that begin with the window.

Belongs here: how many slices are good (Timeslices), the mean of their ratios (RatioTimeslices), and the evidence for that.
Does not belong here: budgets of operations (`status.py`), what an operation counts as (`classification.py`).
"""

from collections.abc import Iterable
from datetime import date

import duckdb
import polars as pl

from assets.moments import end_of
from assets.slo import slices
from assets.slo.classification import judged_sql
from assets.slo.evidence import with_evidence
from assets.slo.objectives import Objective
from assets.slo.windows import windows_on
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

# A slice without a decided operation is neither good nor bad.
_SLICES = """
    count(*) FILTER (WHERE ratio >= {slice_target}),
    count(*) FILTER (WHERE ratio < {slice_target}),
    count(*) FILTER (WHERE ratio IS NULL AND pending > 0),
    count(*) FILTER (WHERE ratio IS NULL AND pending = 0),
    CAST(NULL AS DOUBLE),
    CAST(NULL AS DOUBLE)"""
# Added up as decimals, ratios have one sum in whatever order they come.
_RATIOS = """
    sum(good)::BIGINT,
    sum(bad)::BIGINT,
    sum(pending)::BIGINT,
    sum(excluded)::BIGINT,
    coalesce(sum(ratio::DECIMAL(17, 15)), 0)::DOUBLE,
    coalesce(count(ratio) - sum(ratio::DECIMAL(17, 15)), 0)::DOUBLE"""


def count_time_slices(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Iterable[Objective]) -> None:
    """Add to `counted` a row per window in `status_windows` and slice of those objectives whose budget is one of time slices.

    Of Timeslices, good, bad, pending and excluded are numbers of time slices. Of RatioTimeslices they are numbers of operations,
    and two more columns, `good_share` and `bad_share`, the sums over time slices of each one's share of them.
    """
    for share in ("good_share", "bad_share"):
        db.execute(f"ALTER TABLE counted ADD COLUMN {share} DOUBLE")
    for objective in objectives:
        if objective.slice_seconds:
            _count(db, objective, day)


def judged(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` with their evidence, as `with_evidence` gives it; a mean of ratios has that of the time slices it is of.

    A ratio between 0 and 1 scatters at most as much as an outcome that is one or the other: as many time slices, each good in
    part, never tell more than that, and the interval and the verdict are on the safe side.
    """
    is_mean = pl.col("good_share").is_not_null()
    numbered = counts.with_row_index("place")
    of_operations = with_evidence(numbered.filter(~is_mean))
    means = numbered.filter(is_mean)
    if means.is_empty():
        return of_operations
    of_slices = with_evidence(means.with_columns(good="good_share", bad="bad_share")).with_columns(
        means["good"], means["bad"], (means["good"] + means["bad"]).alias("total")
    )
    return pl.concat([of_operations, of_slices]).sort("place")


def _count(db: duckdb.DuckDBPyConnection, objective: Objective, day: date) -> None:
    counts = _RATIOS if objective.slice_target is None else compose(_SLICES, slice_target=repr(objective.slice_target))
    statement = compose(
        sql("count_time_slices"),
        counts=counts,
        judged=judged_sql(objective, "day BETWEEN CAST($start AS DATE) AND CAST($report_date AS DATE)"),
        slice_by=slices.slice_by_sql(slices.looked_at(objective)),
        columns=slices.columns_sql(slices.looked_at(objective)),
        grouping_sets=slices.grouping_sets(slices.all_slices(objective), '"window"', "time_slice"),
    )
    earliest = min(window.start for window in windows_on(objective, day).values())
    values = {"slo": objective.name, "slice_us": objective.slice_seconds * 1_000_000, "start": earliest}
    db.execute(statement, values | {"report_date": day, "as_of": end_of(day)})
