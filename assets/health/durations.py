"""How long upgrades take, those included that still run, have failed or were cancelled.

Belongs here: exact bounds, Kaplan-Meier curves with their bands, the share within a limit and quantiles, of every group at once.
Does not belong here: reading operations (`assets/health/follow_up.py`), what is said about them (`assets/reports/durations.py`).

An `operations` frame has one row per operation: `group` (any type), String `state` (`succeeded`, `failed`, `running`; every other
state is one that ended without a verdict, such as `cancelled`), Float64 `elapsed_seconds` from start to end (null while running)
and `age_seconds` from start to the instant as of which the frame was read.

Sources: Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958); Greenwood (1926); Brookmeyer and
Crowley, "A confidence interval for the median survival time" (1982); for failed operations Fine and Gray, "A proportional hazards
model for the subdistribution of a competing risk" (1999).
"""

import math
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl

_JUDGED = ("succeeded", "failed", "running")
_SAME = 1e-12  # difference of shares below which they count as equal


def follow_up(operations: pl.DataFrame) -> pl.DataFrame:
    """The operations with `seconds`, for how long each was seen, and `finished`, whether it had succeeded by then.

    A failed operation never finishes: it was seen not to finish until now, as if it still ran. Ending it at its failure would
    take it for one that might have finished as the others did.
    """
    return operations.with_columns(
        seconds=pl.when(pl.col("state").is_in(["failed", "running"])).then("age_seconds").otherwise("elapsed_seconds"),
        finished=pl.col("state") == "succeeded",
    )


def exact_bounds(operations: pl.DataFrame, *, limit: float) -> pl.DataFrame:
    """What no estimate is needed for: between which shares the one within `limit` seconds will end up, per group.

    Returns one row per group; `upgrades` counts those that succeeded, failed or run, `low` and `high` are null without any.
    Only running ones younger than the limit are open; those that ended without a verdict are in neither.
    """
    state, upgrades = pl.col("state"), pl.col("upgrades")
    good = (state == "succeeded") & (pl.col("elapsed_seconds") <= limit)
    is_open = (state == "running") & (pl.col("age_seconds") < limit)
    counts = operations.group_by("group").agg(upgrades=state.is_in(_JUDGED).sum(), good=good.sum(), open=is_open.sum())
    return counts.select(
        "group",
        upgrades.cast(pl.Int64),
        low=pl.when(upgrades > 0).then(pl.col("good") / upgrades),
        high=pl.when(upgrades > 0).then((pl.col("good") + pl.col("open")) / upgrades),
    ).sort("group")


def kaplan_meier(observed: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """The share that has not finished after each time, per group: the steps of its Kaplan-Meier curve.

    `observed`: `group`, Float64 `seconds` and Boolean `finished` as `follow_up` makes them; with a Float64 `entry`, an operation
    is at risk only after it. Of a finish and a last sight at the same time the finish comes first.
    Returns one row per group and time at which one finished: `seconds`, `at_risk` just before, `survival` (1 before the first),
    its Greenwood `std_error`, and `low` and `high` of the log-log band (null `high` where all have finished).

    Raises:
        ValueError: if an operation enters when it is seen no longer.
    """
    if "entry" not in observed.columns:
        observed = observed.with_columns(entry=pl.lit(-math.inf))
    elif (wrong := observed.filter(pl.col("entry") >= pl.col("seconds"))).height:
        row = wrong.row(0, named=True)
        raise ValueError(f"entry {row['entry']} of an operation seen until {row['seconds']}; accepted: an entry before that")
    leaving = observed.select("group", "seconds", pl.col("finished").cast(pl.Int64), change=pl.lit(-1, pl.Int64))
    entering = observed.select("group", seconds="entry", finished=pl.lit(0, pl.Int64), change=pl.lit(1, pl.Int64))
    changes = pl.concat([leaving, entering]).group_by("group", "seconds").agg(pl.col("finished", "change").sum())
    finished, at_risk, survival = pl.col("finished"), pl.col("at_risk"), pl.col("survival")
    steps = (
        changes.sort("group", "seconds")
        .with_columns(at_risk=pl.col("change").cum_sum().over("group") - pl.col("change"))
        .filter(finished > 0)
        .with_columns(
            survival=(1 - finished / at_risk).cum_prod().over("group"),
            spread=(finished / (at_risk * (at_risk - finished))).cum_sum().over("group").sqrt(),
        )
        .with_columns(std_error=pl.when(survival > 0).then(survival * pl.col("spread")).otherwise(0.0))
    )
    low, high = log_log_band(survival, pl.col("std_error"), confidence=confidence)
    return steps.select("group", "seconds", "at_risk", "survival", "std_error", low=low, high=high)


def log_log_band(survival: pl.Expr, std_error: pl.Expr, *, confidence: float) -> tuple[pl.Expr, pl.Expr]:
    """Both ends of the band of a share that has not finished: null where that is 1, and where it is 0, low is 0 and high null."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    power = (z * std_error / (survival * survival.log().abs())).exp()
    inside = (survival > 0) & (survival < 1)
    low = pl.when(inside).then(survival.pow(power)).when(survival == 0).then(0.0)
    return low, pl.when(inside).then(survival.pow(1 / power))


def share_within(observed: pl.DataFrame, steps: pl.DataFrame, *, limit: float) -> pl.DataFrame:
    """The estimated share that finishes within `limit` seconds, one row per group of `observed`.

    `steps`: those of `kaplan_meier`. Returns `last_seen` (seconds), `share` (null where nobody was seen for that long and some
    have not finished), `std_error`, and `low` and `high` of the band (null where it has no such end).
    """
    reached = (
        steps.filter(pl.col("seconds") <= limit)
        .group_by("group", maintain_order=True)
        .agg(pl.col("survival", "std_error", "low", "high").last())
    )
    groups = observed.group_by("group").agg(last_seen=pl.col("seconds").max()).sort("group")
    survival = pl.col("survival").fill_null(1.0)
    known = (pl.col("last_seen") >= limit) | (survival == 0)
    return groups.join(reached, on="group", how="left", nulls_equal=True, maintain_order="left").select(
        "group",
        "last_seen",
        share=pl.when(known).then(1 - survival),
        std_error=pl.when(known).then("std_error"),
        low=pl.when(known).then(1 - pl.col("high")),
        high=pl.when(known).then(1 - pl.col("low")),
    )


def quantiles(steps: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    """The time by which each share has finished, with the band's ends by the same rule; one row per group of `steps`.

    Returns `<name>`, `<name>_low` and `<name>_high` in seconds for each of `shares`, null where it was not reached.
    """
    ends = {"": "survival", "_low": "low", "_high": "high"}
    first = [
        pl.col("seconds").filter(pl.col(column) <= 1 - share + _SAME).min().alias(f"{name}{end}")
        for name, share in shares.items()
        for end, column in ends.items()
    ]
    return steps.group_by("group").agg(first).sort("group")


def order_quantiles(observed: pl.DataFrame, shares: Mapping[str, float], *, confidence: float = 0.95) -> pl.DataFrame:
    """The same ends for the groups whose every operation finished, which need no curve: from ranks.

    Returns `<name>_low` and `<name>_high`, null where there is no such rank.
    """
    finished = observed.filter(pl.col("finished").all().over("group"))
    groups = finished.group_by("group").agg(pl.col("seconds").sort(), total=pl.len()).sort("group")
    ends = []
    for name, share in shares.items():
        for end, rank in zip(("low", "high"), order_ranks(groups["total"].to_numpy(), share, confidence), strict=True):
            # A rank of 0 is before the first, as one beyond the last is after it.
            index = pl.lit(pl.Series(np.where(rank > 0, rank - 1, groups["total"].to_numpy())))
            ends.append(pl.col("seconds").list.get(index, null_on_oob=True).alias(f"{name}_{end}"))
    return groups.select("group", *ends)


def order_ranks(
    total: npt.ArrayLike, share: float, confidence: float = 0.95
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Between which of `total` times in order, counted from 1, the true quantile lies; 0 and total + 1 are open ends."""
    n, tail = np.asarray(total, np.int64), (1 - confidence) / 2
    low, high = _binomial_quantile(tail, n, share), _binomial_quantile(1 - tail, n, share) + 1
    return low.astype(np.int64), np.minimum(high, n + 1).astype(np.int64)


def _binomial_quantile(level: float, n: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.float64]:
    """The smallest count that a binomial one does not exceed with at least this probability."""
    from scipy.special import bdtr, bdtrik  # of which `scipy.stats`, which takes a second to load, makes the same

    above: npt.NDArray[np.float64] = np.ceil(bdtrik(level, n, share))
    below = np.maximum(above - 1, 0)
    return np.where(bdtr(below, n, share) >= level, below, above)
