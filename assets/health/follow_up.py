"""The durations of every threshold objective with an upper limit, by fleet, scope, version, region and workload.

Belongs here: reading the operations of an objective's window, and putting the statistics of their durations together.
Does not belong here: the statistics (`assets/health/durations.py`), what is said about them (`assets/reports/durations.py`).
"""

import math
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from assets.frames import query
from assets.health import durations
from assets.moments import end_of
from assets.slo.objectives import Objective, Objectives
from assets.slo.windows import own_window
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

FLEET = "fleet"
DIMENSIONS = ("scope", "to_version", "region", "workload_type")
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
MOST_CURVES = 8  # of one dimension, those with the most upgrades
POINTS = 121  # of a curve
_SPAN = 2.5  # how far a curve reaches, in limits

_STATES = {"succeeded": "finished", "failed": "failed", "running": "running"}  # and the column that counts them
_KEY = {"slo": pl.String(), "dimension": pl.String(), "value": pl.String()}
_COUNTS = ("upgrades", "finished", "failed", "running", "cancelled", "upper_bounds")
_SHARE = ("share", "std_error", "low", "high", "bound_low", "bound_high", "last_seen")
_QUANTILES = tuple(f"{name}{end}" for name in SHARES for end in ("", "_low", "_high"))
SLICES_SCHEMA = pl.Schema(_KEY | dict.fromkeys(_COUNTS, pl.Int64()) | dict.fromkeys((*_SHARE, *_QUANTILES), pl.Float64()))
CURVES_SCHEMA = pl.Schema(_KEY | {"seconds": pl.Float64(), "share": pl.Float64()})


@dataclass(frozen=True)
class Durations:
    """What is known of durations, failed ones and those still running included.

    - `slices`: one row per (slo, dimension, value), those with the most upgrades first in each dimension, the first of which is
      the fleet; Int64 `upgrades` (of them `finished`, `failed`, `running`), `cancelled` (ended without a verdict, in none of the
      others), `upper_bounds` (of `finished`, those known from polls); the `share` within the limit with its `std_error` and the
      ends `low` and `high` of its band, the exact bounds, `last_seen`, and quantiles with both ends. Shares are in 0..1,
      times in seconds; null is what cannot be told, of a quantile what was not reached.
    - `curves`: at most 121 rows per (slo, dimension, value) of the largest ones; the `share` that has finished by `seconds`.
    """

    slices: pl.DataFrame
    curves: pl.DataFrame


def has_upper_limit(objective: Objective) -> bool:
    """Whether the objective asks for durations up to a limit."""
    return objective.limits_durations and objective.op in {"lte", "lt"}


def reach(objective: Objective) -> float:
    """Until when, in seconds, the curves of an objective with an upper limit are drawn."""
    assert objective.value is not None  # threshold objectives carry one
    return _SPAN * max(objective.value, 1.0)


def read_durations(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> Durations:
    """The durations of each objective in its own window up to `day`, as of its end. The operations must stand at `day`."""
    slices, curves = [SLICES_SCHEMA.to_frame()], [CURVES_SCHEMA.to_frame()]
    for objective in filter(has_upper_limit, objectives.objectives):
        statement = compose(sql("select_follow_up"), total_where=objective.total_where)
        window = own_window(objective, day)
        operations = query(db, statement, {"start": window.start, "end": window.seen_until, "as_of": end_of(day)})
        if objective.failed == "excluded":
            operations = operations.filter(pl.col("state") != "failed")
        for dimension in (FLEET, *DIMENSIONS):
            group = pl.lit("") if dimension == FLEET else pl.col(dimension)
            found = _of_dimension(durations.follow_up(operations.with_columns(group=group)), objective)
            names = {"slo": pl.lit(objective.name), "dimension": pl.lit(dimension), "value": pl.col("group")}
            slices.append(found.slices.with_columns(**names).select(SLICES_SCHEMA.names()).cast(SLICES_SCHEMA))
            curves.append(found.curves.with_columns(**names).select(CURVES_SCHEMA.names()).cast(CURVES_SCHEMA))
    return Durations(pl.concat(slices), pl.concat(curves))


def _of_dimension(operations: pl.DataFrame, objective: Objective) -> Durations:
    assert objective.value is not None  # threshold objectives carry one
    limit = objective.value if objective.op == "lte" else math.nextafter(objective.value, 0)
    state = pl.col("state")
    counts = operations.group_by("group").agg(
        *((state == name).sum().alias(column) for name, column in _STATES.items()),
        cancelled=(~state.is_in(list(_STATES))).sum(),
        upper_bounds=pl.col("is_upper_bound").sum(),
    )
    steps = durations.kaplan_meier(operations, confidence=objective.confidence)
    bounds = durations.exact_bounds(operations, limit=limit).rename({"low": "bound_low", "high": "bound_high"})
    ranks = durations.order_quantiles(operations, SHARES, confidence=objective.confidence)
    found = durations.share_within(operations, steps, limit=limit)
    for more in (counts, bounds, durations.quantiles(steps, SHARES)):
        found = found.join(more, on="group", how="left")
    # Without anybody left, ranks say between which durations a quantile lies, and the curve's band is not asked.
    found = found.join(ranks.with_columns(is_whole=True), on="group", how="left", suffix="_rank").with_columns(
        pl.when("is_whole").then(f"{name}_{end}_rank").otherwise(f"{name}_{end}").alias(f"{name}_{end}")
        for name in SHARES
        for end in ("low", "high")
    )
    slices = found.sort("upgrades", "group", descending=[True, False])
    largest = slices.filter(pl.col("upgrades") > 0).head(MOST_CURVES)
    return Durations(slices, _curves(largest, steps, until=reach(objective)))


def _curves(slices: pl.DataFrame, steps: pl.DataFrame, *, until: float) -> pl.DataFrame:
    """The share that has finished at even distances up to `until`, as far as somebody was seen for so long."""
    grid = pl.DataFrame({"seconds": [until * number / (POINTS - 1) for number in range(POINTS)]})
    survival = pl.col("survival").fill_null(1.0)
    return (
        slices.select("group", "last_seen")
        .join(grid, how="cross", maintain_order="left_right")
        .sort("seconds", maintain_order=True)
        .join_asof(steps.select("group", "seconds", "survival").sort("seconds"), on="seconds", by="group", check_sortedness=False)
        .filter((pl.col("seconds") <= pl.col("last_seen").clip(lower_bound=0)) | (survival == 0))
        .select("group", "seconds", share=1 - survival)
        .sort("group", "seconds")
    )
