"""The status by Polars: lazy frames from the files to one Parquet file, in one process.

Belongs here: the whole computation as a competent user of Polars would write it.
Does not belong here: comparing it with others (`rows/rivals.py`).

Usage: with_polars.py HOME DAY STATUS.parquet
"""

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import polars as pl

TEXTS = (
    "operation_id", "cluster_id", "scope", "provider", "node_pool", "region", "to_version", "trigger",
    "workload_type", "error_code", "error_message", "upgrade_id", "observed_version",
)  # fmt: skip
LINE = {
    "id": pl.String,
    "source": pl.String,
    "type": pl.String,
    "time": pl.String,
    "data": pl.Struct(dict.fromkeys([*TEXTS, "observed_at"], pl.String)),
}
LATEST = tuple(name for name in TEXTS if name not in ("operation_id", "cluster_id"))
ENDS = ("succeeded", "failed", "cancelled", "superseded", "skipped")
SCOPES = ("control_plane", "node_pool", "node_image", "addon", "cluster")
DIMENSIONS = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
RESOURCE = ("provider", "cluster_id", "scope", "node_pool")
SLICES = (
    (), ("to_version",), ("region",), ("workload_type",), ("to_version", "region"), ("to_version", "workload_type"),
    ("region", "workload_type"), ("to_version", "region", "workload_type"),
    ("to_minor",), ("scope",), ("trigger",), ("provider",),
)  # fmt: skip
WINDOWS = {"28d": 28, "7d": 7, "3d": 3, "1d": 1}
OUTCOMES = ("good", "bad", "pending", "excluded")
QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
DAY = timedelta(days=1)


def events(home: Path) -> pl.LazyFrame:
    """One row per event; of those with the same source and id one."""
    lines = pl.scan_ndjson(sorted(home.glob("landing/canonical/*/*.ndjson")), schema=LINE, ignore_errors=True)
    prefix = "dev.upgradeslo.operation."
    return (
        lines.unnest("data")
        .with_columns(
            pl.col("type").str.strip_prefix(prefix),
            pl.col("time", "observed_at").str.to_datetime(time_unit="us", time_zone="UTC", strict=False),
            *(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in TEXTS if name != "trigger"),
            pl.when(~pl.col("trigger").is_in(["", "unknown"])).then(pl.col("trigger")).alias("trigger"),
        )
        .filter(
            pl.col("id") != "",
            pl.col("source") != "",
            pl.col("type").is_in(["scheduled", "started", *ENDS]),
            pl.col("time") >= pl.datetime(2014, 6, 6, time_zone="UTC"),
            pl.col("operation_id").is_not_null(),
            pl.col("cluster_id").is_not_null(),
            pl.col("scope").is_in(SCOPES),
        )
        .with_columns(pl.coalesce("observed_at", "time").alias("observed_at"))
        .unique(["source", "id"], keep="any")
    )


def operations(home: Path) -> pl.LazyFrame:
    """One row per operation with its dimensions, state, duration, and whether it is a first attempt."""
    ended = pl.col("type").is_in(ENDS)
    folded = (
        events(home)
        .sort("observed_at")
        .group_by("cluster_id", "operation_id")
        .agg(
            pl.col("time").filter(pl.col("type") == "scheduled").min().alias("scheduled_at"),
            pl.col("time").filter(pl.col("type") == "started").min().alias("started_at"),
            pl.col("type").filter(ended).last().alias("ended_as"),
            pl.col("time").filter(ended).last().alias("finished_at"),
            *(pl.col(name).last(ignore_nulls=True) for name in LATEST),
        )
        .with_columns(
            pl.coalesce("started_at", "scheduled_at", "finished_at").alias("dated_at"),
            pl.when(pl.col("ended_as").is_not_null())
            .then("ended_as")
            .when(pl.col("started_at").is_null())
            .then(pl.lit("scheduled"))
            .otherwise(pl.lit("running"))
            .alias("state"),
        )
        .collect()  # else the joins below would have it made once for each
        .lazy()
    )
    return _with_attempts(_with_responsibility(_with_inventory(folded, home), home))


def _with_inventory(folded: pl.LazyFrame, home: Path) -> pl.LazyFrame:
    """What the events leave open, from the pool's row of that moment, else from the cluster's."""
    names = ("provider", "region", "workload_type")
    rows = pl.scan_csv(home / "inventory" / "clusters.csv", schema_overrides={"node_pool": pl.String}).with_columns(
        pl.col("valid_from").cast(pl.String).str.to_datetime(strict=False, time_unit="us", time_zone="UTC"),
        pl.col("valid_to").cast(pl.String).str.to_datetime(strict=False, time_unit="us", time_zone="UTC"),
    )
    for suffix, keys, part in (
        ("_pool", ["cluster_id", "node_pool"], rows.filter(pl.col("node_pool").is_not_null())),
        ("_cluster", ["cluster_id"], rows.filter(pl.col("node_pool").is_null()).drop("node_pool")),
    ):
        found = (
            folded.select("operation_id", *keys, "dated_at")
            .join(part, on=keys)
            .filter(
                pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("dated_at")),
                pl.col("valid_to").is_null() | (pl.col("dated_at") < pl.col("valid_to")),
            )
            .select("cluster_id", "operation_id", *(pl.col(name).alias(name + suffix) for name in names))
        )
        folded = folded.join(found, on=["cluster_id", "operation_id"], how="left")
    return folded.with_columns(
        pl.coalesce(name, f"{name}_pool", f"{name}_cluster", pl.lit("unknown")).alias(name) for name in names
    ).with_columns(pl.col("trigger").fill_null("unknown"))


def _with_responsibility(operations: pl.LazyFrame, home: Path) -> pl.LazyFrame:
    failures = pl.scan_csv(home / "failures.csv", infer_schema=False)
    failed = pl.col("state") == "failed"
    return operations.join(failures, on=["error_code", "error_message"], how="left", nulls_equal=True).with_columns(
        pl.when(failed).then(pl.col("responsibility").fill_null("platform")).otherwise(pl.lit("none")).alias("responsibility")
    )


def _with_attempts(operations: pl.LazyFrame) -> pl.LazyFrame:
    """Operations without an upgrade_id on one resource and towards one version are one upgrade until it has succeeded."""
    is_unnamed = pl.col("upgrade_id").is_null()
    succeeded = (pl.col("state") == "succeeded").cast(pl.Int32)
    in_order = operations.sort("dated_at", "operation_id").with_columns(
        (succeeded.cum_sum() - succeeded).over(*RESOURCE, "to_version", is_unnamed).alias("round")
    )
    upgrade = (pl.when(is_unnamed).then("to_version").alias("towards"), pl.when(is_unnamed).then("round").alias("round"))
    return in_order.with_columns(upgrade).with_columns(
        (pl.int_range(pl.len()).over(*RESOURCE, "upgrade_id", "towards", "round") == 0).alias("is_first_attempt")
    )


def judged(operations: pl.LazyFrame, as_of: datetime) -> pl.LazyFrame:
    """One row per operation and SLO that it belongs to, with its outcome there and the seconds that a success took."""
    duration = pl.col("finished_at") - pl.col("started_at")
    limit = pl.col("scope").replace_strict(
        {"control_plane": timedelta(minutes=20), "node_pool": timedelta(minutes=45)}, default=None, return_dtype=pl.Duration("us")
    )
    ended_without = pl.col("state").is_in(["cancelled", "superseded", "skipped", "scheduled"])
    running = pl.col("state") == "running"
    age = pl.lit(as_of).dt.replace_time_zone("UTC") - pl.col("started_at")
    prepared = operations.with_columns(
        pl.col("dated_at").dt.date().alias("day"),
        pl.col("to_version").str.extract(r"^v?([0-9]+\.[0-9]+)", 1).fill_null("unknown").alias("to_minor"),
        (pl.col("observed_version").is_null() | pl.col("observed_version").eq_missing(pl.col("to_version"))).alias("confirmed"),
        pl.when(duration >= timedelta()).then(duration).alias("duration"),
    ).with_columns(
        pl.col("to_version").fill_null("unknown"),
        pl.when(ended_without)
        .then(pl.lit("excluded"))
        .when(running)
        .then(pl.when(age < DAY).then(pl.lit("pending")).otherwise(pl.lit("bad")))
        .when((pl.col("state") == "succeeded") & pl.col("confirmed") & (pl.col("duration") <= DAY).fill_null(True))
        .then(pl.lit("good"))
        .otherwise(pl.lit("bad"))
        .alias("success"),
        pl.when(ended_without)
        .then(pl.lit("excluded"))
        .when(running)
        .then(pl.when(age <= limit).then(pl.lit("pending")).otherwise(pl.lit("bad")))
        .when(pl.col("duration").is_null())
        .then(pl.lit("excluded"))
        .when((pl.col("state") != "failed") & (pl.col("duration") <= limit))
        .then(pl.lit("good"))
        .otherwise(pl.lit("bad"))
        .alias("speed"),
        pl.when(pl.col("state") == "succeeded").then(pl.col("duration").dt.total_microseconds() / 1e6).alias("seconds"),
    )
    objectives = (
        ("upgrade-success", "success", pl.lit(True)),
        ("platform-upgrade-success", "success", pl.col("responsibility") != "customer"),
        ("first-attempt-success", "success", pl.col("is_first_attempt")),
        ("control-plane-duration", "speed", pl.col("scope") == "control_plane"),
        ("node-pool-duration", "speed", pl.col("scope") == "node_pool"),
    )
    return pl.concat(
        prepared.filter(belongs).select(
            "day",
            pl.lit(slo).alias("slo"),
            *DIMENSIONS,
            pl.col(outcome).alias("outcome"),
            (pl.col("seconds") if outcome == "speed" else pl.lit(None, pl.Float64)).alias("seconds"),
        )
        for slo, outcome, belongs in objectives
    )


def status(judged: pl.DataFrame, day: date) -> pl.DataFrame:
    """Counts and quantiles of every SLO, window and slice."""
    counts = [(pl.col("outcome") == name).sum().cast(pl.Int64).alias(name) for name in OUTCOMES]
    cells = judged.group_by("day", "slo", *DIMENSIONS).agg(counts)
    timed = judged.filter(pl.col("seconds").is_not_null())
    frames = []
    for window, days in WINDOWS.items():
        in_window = pl.col("day").is_between(day - timedelta(days=days - 1), day)
        counted, lasted = cells.filter(in_window).lazy(), timed.filter(in_window).lazy()
        for dimensions in SLICES:
            keys = ["slo", *dimensions]
            sums = counted.group_by(keys).agg(pl.col(OUTCOMES).sum())
            nearest_ranks = lasted.group_by(keys).agg(
                pl.col("seconds").sort().get(((pl.len() * share).ceil().cast(pl.Int64) - 1).clip(0)).alias(name)
                for name, share in QUANTILES.items()
            )
            others = (pl.lit(None, pl.String).alias(name) for name in DIMENSIONS if name not in dimensions)
            frames.append(
                sums.join(nearest_ranks, on=keys, how="left", nulls_equal=True)
                .with_columns(pl.lit(window).alias("window"), *others)
                .select("slo", "window", *DIMENSIONS, *OUTCOMES, *QUANTILES)
            )
    return pl.concat(pl.collect_all(frames))


def main(home: Path, day: date, target: Path) -> None:
    as_of = datetime.combine(day + DAY, time())
    status(judged(operations(home).collect().lazy(), as_of).collect(), day).write_parquet(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]))
