"""The status by pandas, with the files read by pyarrow, in one process.

Belongs here: the whole computation as a competent user of pandas would write it.
Does not belong here: comparing it with others (`rows/rivals.py`).

Usage: with_pandas.py HOME DAY STATUS.parquet
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import json

FEW_VALUES = (
    "scope", "provider", "node_pool", "region", "to_version", "trigger", "workload_type", "error_code", "error_message",
    "observed_version",
)  # fmt: skip
DATA = ("operation_id", "cluster_id", *FEW_VALUES, "upgrade_id", "observed_at")
LINE = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "type", "time")),
        ("data", pa.struct([(name, pa.string()) for name in DATA])),
    ]
)
PREFIX = "dev.upgradeslo.operation."
ENDS = ("succeeded", "failed", "cancelled", "superseded", "skipped")
SCOPES = ("control_plane", "node_pool", "node_image", "addon", "cluster")
DIMENSIONS = ["to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider"]
RESOURCE = ["provider", "cluster_id", "scope", "node_pool"]
SLICES = (
    [], ["to_version"], ["region"], ["workload_type"], ["to_version", "region"], ["to_version", "workload_type"],
    ["region", "workload_type"], ["to_version", "region", "workload_type"], ["to_minor"], ["scope"], ["trigger"], ["provider"],
)  # fmt: skip
WINDOWS = {"28d": 28, "7d": 7, "3d": 3, "1d": 1}
OUTCOMES = ["good", "bad", "pending", "excluded"]
QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
DAY = pd.Timedelta(days=1)


def events(home: Path) -> pd.DataFrame:
    """One row per event; of those with the same source and id one.

    Raises:
        pyarrow.ArrowInvalid: for the first line that is no JSON object, or has a value of another type.
    """
    options = json.ParseOptions(explicit_schema=LINE, unexpected_field_behavior="ignore")
    files = sorted(home.glob("landing/canonical/*/*.ndjson"))
    table = pa.concat_tables([json.read_json(file, parse_options=options) for file in files]).flatten()
    table = table.rename_columns([name.removeprefix("data.") for name in table.column_names])
    frame = table.to_pandas(categories=["source", "type", *FEW_VALUES])
    for name in ("time", "observed_at"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True, errors="coerce").astype("datetime64[us, UTC]")
    frame["type"] = frame["type"].cat.rename_categories(lambda each: each.removeprefix(PREFIX))
    frame["observed_at"] = frame["observed_at"].where(frame["observed_at"].notna(), frame["time"])
    for name in FEW_VALUES:
        frame[name] = frame[name].cat.remove_categories([each for each in frame[name].cat.categories if each == ""])
    frame["trigger"] = frame["trigger"].cat.remove_categories(
        [each for each in frame["trigger"].cat.categories if each == "unknown"]
    )
    frame["upgrade_id"] = frame["upgrade_id"].mask(frame["upgrade_id"] == "")
    is_event = (
        (frame["id"].fillna("") != "")
        & frame["type"].isin(["scheduled", "started", *ENDS])
        & (frame["time"] >= pd.Timestamp("2014-06-06", tz="UTC"))
        & (frame["operation_id"].fillna("") != "")
        & (frame["cluster_id"].fillna("") != "")
        & frame["scope"].isin(SCOPES)
    )
    return frame[is_event].drop_duplicates(["source", "id"])


def operations(home: Path) -> pd.DataFrame:
    """One row per operation with its dimensions, state, duration, and whether it is a first attempt."""
    found = events(home).sort_values("observed_at", kind="stable")
    found["key"] = found.groupby(["cluster_id", "operation_id"], sort=False).ngroup()
    folded = found.groupby("key")[["cluster_id", "operation_id", *FEW_VALUES, "upgrade_id"]].last()
    for name, kind in (("scheduled_at", "scheduled"), ("started_at", "started")):
        folded[name] = found[found["type"] == kind].groupby("key")["time"].min()
    ends = found[found["type"].isin(ENDS)].drop_duplicates("key", keep="last").set_index("key")
    folded["finished_at"] = ends["time"]
    started = folded["started_at"].notna()
    folded["state"] = ends["type"].astype(str)
    folded["state"] = folded["state"].fillna(pd.Series(np.where(started, "running", "scheduled"), folded.index))
    folded["dated_at"] = folded["started_at"].fillna(folded["scheduled_at"]).fillna(folded["finished_at"])
    folded[[*FEW_VALUES]] = folded[[*FEW_VALUES]].astype(object)
    return _with_attempts(_with_responsibility(_with_inventory(folded.reset_index(), home), home))


def _with_inventory(folded: pd.DataFrame, home: Path) -> pd.DataFrame:
    """What the events leave open, from the pool's row of that moment, else from the cluster's."""
    names = ["provider", "region", "workload_type"]
    rows = pd.read_csv(home / "inventory" / "clusters.csv", dtype=object)
    rows["valid_from"] = pd.to_datetime(rows["valid_from"], utc=True).fillna(pd.Timestamp("1900-01-01", tz="UTC"))
    rows["valid_to"] = pd.to_datetime(rows["valid_to"], utc=True).fillna(pd.Timestamp("2200-01-01", tz="UTC"))
    parts = ((["cluster_id", "node_pool"], rows.dropna(subset="node_pool")), (["cluster_id"], rows[rows["node_pool"].isna()]))
    for keys, part in parts:
        joined = folded[["key", *keys, "dated_at"]].merge(part[[*keys, *names, "valid_from", "valid_to"]], on=keys)
        joined = joined[(joined["valid_from"] <= joined["dated_at"]) & (joined["dated_at"] < joined["valid_to"])].set_index("key")
        for name in names:
            folded[name] = folded[name].fillna(folded["key"].map(joined[name]))
    return folded.fillna(dict.fromkeys([*names, "trigger"], "unknown"))


def _with_responsibility(operations: pd.DataFrame, home: Path) -> pd.DataFrame:
    failures = pd.read_csv(home / "failures.csv", dtype=object)
    operations = operations.merge(failures, on=["error_code", "error_message"], how="left")
    failed = operations["state"] == "failed"
    operations["responsibility"] = operations["responsibility"].fillna("platform").where(failed, "none")
    return operations


def _with_attempts(operations: pd.DataFrame) -> pd.DataFrame:
    """Operations without an upgrade_id on one resource and towards one version are one upgrade until it has succeeded."""
    operations = operations.sort_values(["dated_at", "operation_id"])
    unnamed = operations["upgrade_id"].isna()
    succeeded = (operations["state"] == "succeeded").astype(int)
    keys = [operations[name] for name in [*RESOURCE, "to_version"]]
    rounds = succeeded.groupby([*keys, unnamed], dropna=False, sort=False).cumsum() - succeeded
    upgrade = [operations[name] for name in [*RESOURCE, "upgrade_id"]]
    upgrade += [operations["to_version"].where(unnamed), rounds.where(unnamed)]
    operations["is_first_attempt"] = succeeded.groupby(upgrade, dropna=False, sort=False).cumcount() == 0
    return operations


def judged(operations: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per operation and SLO that it belongs to, with its outcome there and the seconds that a success took."""
    as_of = pd.Timestamp(day, tz="UTC") + DAY
    state = operations["state"]
    duration = operations["finished_at"] - operations["started_at"]
    duration = duration.where(duration >= pd.Timedelta(0))
    age = as_of - operations["started_at"]
    limit = operations["scope"].map({"control_plane": pd.Timedelta(minutes=20), "node_pool": pd.Timedelta(minutes=45)})
    without = state.isin(["cancelled", "superseded", "skipped", "scheduled"])
    confirmed = operations["observed_version"].isna() | (operations["observed_version"] == operations["to_version"])
    in_time = duration.isna() | (duration <= DAY)
    operations = operations.assign(
        day=operations["dated_at"].dt.tz_localize(None).dt.normalize(),
        to_minor=operations["to_version"].str.extract(r"^v?([0-9]+\.[0-9]+)", expand=False).fillna("unknown"),
        to_version=operations["to_version"].fillna("unknown"),
        seconds=(duration // pd.Timedelta(microseconds=1) / 1e6).where(state == "succeeded"),
        success=np.select(
            [without, (state == "running") & (age < DAY), (state == "succeeded") & confirmed & in_time],
            ["excluded", "pending", "good"],
            "bad",
        ),
        speed=np.select(
            [
                without,
                (state == "running") & (age <= limit),
                (state != "running") & duration.isna(),
                (state != "running") & (state != "failed") & (duration <= limit),
            ],
            ["excluded", "pending", "excluded", "good"],
            "bad",
        ),
    )
    operations[DIMENSIONS] = operations[DIMENSIONS].astype("category")
    objectives = {
        "upgrade-success": ("success", slice(None)),
        "platform-upgrade-success": ("success", operations["responsibility"] != "customer"),
        "first-attempt-success": ("success", operations["is_first_attempt"]),
        "control-plane-duration": ("speed", operations["scope"] == "control_plane"),
        "node-pool-duration": ("speed", operations["scope"] == "node_pool"),
    }
    frames = []
    for slo, (outcome, belongs) in objectives.items():
        part = operations.loc[belongs, ["day", *DIMENSIONS, "seconds"]]
        part = part.assign(slo=slo, **{name: operations[outcome].loc[belongs] == name for name in OUTCOMES})
        frames.append(part if outcome == "speed" else part.assign(seconds=np.nan))
    return pd.concat(frames, ignore_index=True).astype({"slo": "category"})


def status(judged: pd.DataFrame, day: date) -> pd.DataFrame:
    """Counts and quantiles of every SLO, window and slice."""
    cells = judged.groupby(["day", "slo", *DIMENSIONS], observed=True, sort=False)[OUTCOMES].sum().reset_index()
    timed = judged[judged["seconds"].notna()].sort_values("seconds")
    frames = []
    for window, days in WINDOWS.items():
        first, last = pd.Timestamp(day - timedelta(days=days - 1)), pd.Timestamp(day)
        counted, lasted = (each[each["day"].between(first, last)] for each in (cells, timed))
        for dimensions in SLICES:
            keys = ["slo", *dimensions]
            sums = counted.groupby(keys, observed=True, sort=False)[OUTCOMES].sum()
            groups = lasted.groupby(keys, observed=True, sort=False)["seconds"]
            place, size = groups.cumcount(), groups.transform("size")
            for name, share in QUANTILES.items():
                is_it = place == np.maximum(np.ceil(share * size) - 1, 0)
                sums[name] = lasted[is_it].set_index(keys)["seconds"]
            frames.append(sums.reset_index().assign(window=window))
    names = ["slo", "window", *DIMENSIONS]
    return pd.concat(frames, ignore_index=True).astype(dict.fromkeys(names, "str"))[[*names, *OUTCOMES, *QUANTILES]]


def main(home: Path, day: date, target: Path) -> None:
    status(judged(operations(home), day), day).to_parquet(target, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]))
