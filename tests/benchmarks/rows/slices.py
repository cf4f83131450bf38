"""The rows of the status: counts and quantiles of every slice and window, against plain GROUPING SETS over the operations.

Belongs here: the pairs, the targets, and whether both sides say the same.
Does not belong here: the two sides (`programs/slices.py`).
"""

from collections.abc import Iterator
from pathlib import Path

import homes
from history import LAST_DAY, history
from measure import Command, apart, paired, program
from sizes import Sizes
from table import Line


def counts(sizes: Sizes) -> Iterator[Line]:
    """Sums of cells against counts of operations."""
    warehouse, ours, direct = _sides(sizes, "counts")
    pairs = paired(ours, direct, pairs=sizes.pairs)
    different = apart(_different_rows, homes.WORK / "counts.parquet", homes.WORK / "direct-counts.parquet")
    yield Line(
        f"counts of every slice, 28 days of {sizes.events_a_day:,} events",
        "GROUPING SETS straight from the operations",
        pairs,
        {"cpu_seconds": 0.8, "wall_seconds": 0.8},
        notes=(f"{different} rows differ; {warehouse.name} read only, the seconds are those of the counting alone",),
    )


def quantiles(sizes: Sizes) -> Iterator[Line]:
    """Quantiles as the product makes them against exact ones."""
    _, ours, direct = _sides(sizes, "quantiles")
    pairs = paired(ours, direct, pairs=sizes.pairs)
    rows, error = apart(_largest_error, homes.WORK / "quantiles.parquet", homes.WORK / "direct-quantiles.parquet")
    yield Line(
        f"p50…p99 of every slice, 28 days of {sizes.events_a_day:,} events",
        "exact quantile_disc GROUPING SETS",
        pairs,
        {"cpu_seconds": 0.35},
        notes=(f"the largest error among {rows:,} slices is {error:.4%}; accepted: 1 %",),
    )


def _sides(sizes: Sizes, what: str) -> tuple[Path, Command, Command]:
    warehouse = history(sizes.short_days, events_a_day=sizes.events_a_day) / "kept" / "warehouse.duckdb"

    def command(side: str) -> Command:
        arguments = (side, warehouse, LAST_DAY, homes.WORK / f"{side}.parquet")
        return Command(program("programs/slices.py", *arguments), {"PYTHONPATH": str(homes.ROOT.parent)}, has_own_clock=True)

    return warehouse, command(what), command(f"direct-{what}")


def _different_rows(ours: Path, direct: Path) -> int:
    import duckdb

    statement = "SELECT count(*) FROM ((FROM {0} EXCEPT FROM {1}) UNION ALL (FROM {1} EXCEPT FROM {0}))"
    return int(duckdb.sql(statement.format(f"'{ours}'", f"'{direct}'")).fetchall()[0][0])


def _largest_error(ours: Path, direct: Path) -> tuple[int, float]:
    """Slices on either side, and the largest relative difference of a quantile; infinite when one side lacks a slice."""
    import polars as pl

    keys = ["slo", "window", "to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider"]
    names = ["p50", "p90", "p95", "p99"]
    both = pl.read_parquet(ours).select(*keys, *names).join(
        pl.read_parquet(direct).select(*keys, *names), on=keys, how="full", suffix="_exact", nulls_equal=True, coalesce=True
    )  # fmt: skip
    errors = both.select(pl.max_horizontal(((pl.col(n) - pl.col(f"{n}_exact")).abs() / pl.col(f"{n}_exact")) for n in names))
    column = errors.to_series().fill_nan(0)
    return both.height, float("inf") if column.null_count() else float(column.max() or 0)
