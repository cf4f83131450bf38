"""Closed cohorts: the operations of start-days on which nothing is open any more, by SLO and slice.

Belongs here: which days those are, and their counts.
Does not belong here: what the counts say (`assets/health/always_valid.py`), sums over windows (`status.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import polars as pl

from assets.frames import query
from assets.moments import end_of
from assets.slo import slices
from assets.slo.objectives import Objective, Objectives
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

_SCHEMA = pl.Schema(
    {"slo": pl.String(), "slice_by": pl.String()}
    | dict.fromkeys(slices.DIMENSIONS, pl.String())
    | {"day": pl.Date(), "bad": pl.Int64(), "total": pl.Int64(), "limit": pl.Float64()}
)


@dataclass(frozen=True, slots=True)
class Period:
    """Start-days from `first` to `last`, both included."""

    first: date
    last: date


def closed_period(objective: Objective, day: date) -> Period:
    """The closed days, by the end of `day`, of the month that the newest of them is in.

    A day is closed when all of its operations have passed their deadline and what happened until then had the time that the
    objective allows a delivery to be late. Evidence that is gathered day by day starts anew on the first of each month: on dates
    that no look at the data has chosen, and never far enough back to read the history.
    """
    wait = max(objective.deadline_seconds, objective.value or 0) + objective.late_data_horizon_seconds
    last = (end_of(day) - timedelta(seconds=wait)).date() - timedelta(days=1)
    return Period(last.replace(day=1), last)


def is_watched(objective: Objective) -> bool:
    """Whether the target limits the share of operations that fail: not when it is zero, nor when it is of time slices."""
    return objective.target > 0 and not objective.slice_seconds


def closed_cohorts(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> pl.DataFrame:
    """One row per watched SLO, slice and closed day with a decided operation; by day within each slice, the fleet first.

    `slo`, `slice_by`, the slice's values, `day`, Int64 `bad` and `total` (decided), Float64 `limit` (the share that may fail).
    The cells must stand at `day`.
    """
    found = [pl.DataFrame(schema=_SCHEMA)]
    for objective in filter(is_watched, objectives.objectives):
        period = closed_period(objective, day)
        statement = compose(
            sql("select_closed_cohorts"),
            slice_by=slices.slice_by_sql(slices.finest(objective)),
            columns=slices.columns_sql(slices.finest(objective)),
            grouping_sets=slices.grouping_sets(slices.subsets(objective), "day"),
        )
        values = {
            "slo": objective.name,
            "grain": ",".join(slices.finest(objective)),
            "grains": list(slices.alone(objective)),
            "first_day": period.first,
            "last_day": period.last,
        }
        counts = query(db, statement, values)
        found.append(counts.with_columns(slo=pl.lit(objective.name), limit=pl.lit(1 - objective.target)).select(_SCHEMA.names()))
    return pl.concat(found)
