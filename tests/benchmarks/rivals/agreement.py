"""Whether two ways of making the status of a home agree: the same slices, the same counts, the same quantiles.

Belongs here: comparing the Parquet files that ours and a rival wrote.
Does not belong here: making them.
"""

from dataclasses import dataclass
from pathlib import Path

KEYS = ["slo", "window", "to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider"]
COUNTS = ["good", "bad", "pending", "excluded"]
QUANTILES = ["p50", "p90", "p95", "p99"]
# Ours may estimate quantiles; the target of their row is this error.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Agreement:
    """Rows that either side has, and how many of them have other counts or other quantiles; operations counted by either side."""

    rows: int
    other_counts: int
    other_quantiles: int
    operations: tuple[int, int]
    largest_error: float

    def is_whole(self) -> bool:
        return self.rows > 0 and self.other_counts == 0 and self.other_quantiles == 0


def compared(ours: Path, theirs: Path) -> Agreement:
    """What the two files say of the same slices of the objectives that theirs has; one without an operation need not be there.

    Ours has an objective more, on starts: what it costs is ours to bear.
    """
    import polars as pl

    sides = []
    for path in (ours, theirs):
        frame = pl.read_parquet(path, columns=[*KEYS, *COUNTS, *QUANTILES]).with_columns(pl.col(COUNTS).cast(pl.Int64))
        sides.append(frame.filter(pl.sum_horizontal(COUNTS) > 0))
    sides[0] = sides[0].join(sides[1].select("slo").unique(), on="slo", how="semi")
    both = sides[0].join(sides[1], on=KEYS, how="full", suffix="_theirs", nulls_equal=True, coalesce=True)
    other_counts = both.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_theirs")) for name in COUNTS))
    errors = [(pl.col(name) / pl.col(f"{name}_theirs") - 1).abs().fill_nan(0) for name in QUANTILES]
    missing = [pl.col(name).is_null() != pl.col(f"{name}_theirs").is_null() for name in QUANTILES]
    other_quantiles = both.filter(pl.any_horizontal(*(error > TOLERANCE for error in errors), *missing))
    fleet = pl.all_horizontal(pl.col(name).is_null() for name in KEYS[2:])
    is_all = fleet & (pl.col("slo") == "upgrade-success") & (pl.col("window") == "28d")
    operations = [int(side.filter(is_all).select(pl.sum_horizontal(COUNTS).sum()).item()) for side in sides]
    largest = both.select(pl.max_horizontal(error.max() for error in errors)).item()
    return Agreement(both.height, other_counts.height, other_quantiles.height, (operations[0], operations[1]), largest or 0.0)
