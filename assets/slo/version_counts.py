"""Counts of an objective's operations by provider and version together.

Belongs here: that one pair of dimensions, which a question about support needs and no cell holds for every objective.
Does not belong here: the slices that are judged (`slices.py`), sums of cells (`status.py`), what a version is supported for
(`assets/upgrades/catalogue.py`).
"""

from datetime import date

import duckdb
import polars as pl

from assets.frames import query
from assets.moments import end_of
from assets.slo.classification import judged_sql
from assets.slo.objectives import Objectives
from assets.slo.windows import own_window
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

_COUNTS = ("good", "bad", "pending", "excluded")
_SCHEMA = pl.Schema(dict.fromkeys(("slo", "provider", "to_version"), pl.String()) | dict.fromkeys(_COUNTS, pl.Int64()))


def version_counts(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> pl.DataFrame:
    """One row per (slo, provider, to_version) of each SLO's own window up to `day`; where the budget is one of operations, they
    add up to the fleet's row of the status.

    Int64 `good`, `bad`, `pending`, `excluded`. The operations must stand at `day`.
    """
    found = [pl.DataFrame(schema=_SCHEMA)]
    for objective in objectives.objectives:
        # Days are sorted, and most need not be read.
        judged = judged_sql(objective, "day BETWEEN CAST($start AS DATE) AND CAST($seen_until AS DATE)")
        statement = compose(sql("count_versions"), judged=judged)
        window = own_window(objective, day)
        counts = query(db, statement, {"start": window.start, "seen_until": window.seen_until, "as_of": end_of(day)})
        found.append(counts.select(pl.lit(objective.name).alias("slo"), pl.all()).cast(_SCHEMA))
    return pl.concat(found)
