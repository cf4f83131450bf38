"""Whether upgrades of clusters that use beta or removed APIs fail more often than the others.

Belongs here: reading who used what, and the counts of users and of all others, per feature and for classes of features.
Does not belong here: the statistics (`screening.py`, `risk_ratio.py`), which APIs are removed when
(`assets/upgrades/deprecated_apis.py`), wording (`assets/reports/api_features.py`).
"""

from collections.abc import Mapping
from datetime import date

import duckdb
import polars as pl

from assets.frames import query
from assets.health.screening import screen
from assets.moments import end_of
from assets.slo.classification import reached_sql
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

FEATURE, ANY_BETA, REMOVED = "feature", "any beta", "removed"
COUNTS = ("bad", "total", "rest_bad", "rest_total")

_BETA = r"(?:^|/)v[0-9]+(?:alpha|beta)[0-9]+(?:/|$)"
_KUBERNETES_MINOR = r"^1\.([0-9]{1,4})$"  # others, such as 4.18, count the minors of something else


def read_api_use(db: duckdb.DuckDBPyConnection, *, day: date, first_day: date) -> pl.DataFrame:
    """One row per set of features and minor: the decided operations that started from `first_day` to `day`, as of its end.

    List of String `features`, String `to_minor` (null: not known), Int64 `bad`, `total`. The operations must stand at `day`.
    """
    statement = compose(sql("select_api_use"), outcome=reached_sql())
    return query(db, statement, {"first_day": first_day, "report_date": day, "as_of": end_of(day)})


def compare(use: pl.DataFrame, *, removed_in: Mapping[str, int]) -> pl.DataFrame:
    """One row per feature, and per class of features that somebody used: its users' operations against all others.

    `use`: as `read_api_use` gives it. `removed_in`: by feature, the minor of Kubernetes that no longer serves it. Returns `kind`
    (`feature`, `any beta`, which has alphas too, or `removed`: in the minor that is upgraded to, or before), String `feature`
    (null for a class), `COUNTS`, `p`, `is_tested`, `adjusted_p` and `is_finding` of the list that all rows make together; classes
    first, then the least likely by chance. What is upgraded to no minor of Kubernetes is in neither group of `removed`.
    """
    minor = pl.col("to_minor").str.extract(_KUBERNETES_MINOR).cast(pl.Int64)
    rows = use.with_row_index("row").with_columns(minor=minor)
    used = rows.select("row", "minor", feature="features").explode("feature").drop_nulls("feature").unique(maintain_order=True)
    gone = pl.col("feature").replace_strict(dict(removed_in), default=None, return_dtype=pl.Int64) <= pl.col("minor")
    groups = {FEATURE: used, ANY_BETA: used.filter(pl.col("feature").str.contains(_BETA)), REMOVED: used.filter(gone)}
    members = pl.concat(
        of.select("row", kind=pl.lit(kind), feature=pl.col("feature") if kind == FEATURE else pl.lit(None, pl.String)).unique()
        for kind, of in groups.items()
    )
    is_known = pl.col("minor").is_not_null()
    everyone = rows.select(
        every_bad=pl.col("bad").sum(),
        every_total=pl.col("total").sum(),
        known_bad=pl.col("bad").filter(is_known).sum(),
        known_total=pl.col("total").filter(is_known).sum(),
    )
    counts = (
        members.join(rows, on="row")
        .group_by("kind", "feature")
        .agg(pl.col("bad", "total").sum())
        .join(everyone, how="cross")
        .select(
            "kind",
            "feature",
            "bad",
            "total",
            **{
                f"rest_{name}": pl.when(pl.col("kind") == REMOVED).then(f"known_{name}").otherwise(f"every_{name}") - pl.col(name)
                for name in ("bad", "total")
            },
        )
    )
    screened = screen(*(counts[name].to_numpy() for name in COUNTS))
    judged = counts.with_columns(
        p=pl.Series(screened.p, dtype=pl.Float64),
        is_tested=pl.Series(screened.is_tested, dtype=pl.Boolean),
        adjusted_p=pl.Series(screened.adjusted_p, dtype=pl.Float64),
        is_finding=pl.Series(screened.is_finding, dtype=pl.Boolean),
    )
    return judged.sort(
        pl.col("kind") == FEATURE, "p", pl.col("total"), "kind", "feature", descending=[False, False, True, False, False]
    )
