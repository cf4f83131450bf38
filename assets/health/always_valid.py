"""The daily alarm: evidence, which may be looked at every day, that upgrades fail more than their target allows.

Belongs here: e-values of cumulative counts, what day-wide shocks take off them, many slices at once, alarm and watch.
Does not belong here: which days are counted (`assets/slo/closed_cohorts.py`), one look at one pair of counts
(`assets/slo/intervals.py`), wording (`assets/reports/alarm.py`).
"""

import math

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike  # a number or an array; several are broadcast against each other

ALARM, WATCH, QUIET = "alarm", "watch", "quiet"
ALARM_FROM, WATCH_FROM = 20.0, 5.0  # e-values; a healthy fleet ever reaches 20 with a chance of at most 1 in 20
FALSE_SHARE = 0.05  # of the slices in alarm, that chance may have given
# The standard deviation, on the logit scale, of what a day does to all of its upgrades at once (an outage, a quota). Our choice:
# with it false alarms stay below 5 % up to 5,000 upgrades a day, and a doubled failure rate is still found in 6 of 7 months.
SHOCK = 0.3


def log_e_above(failed: Numbers, total: Numbers, limit: Numbers) -> Floats:
    """The logarithm of the evidence that the failure probability is above `limit`, from cumulative counts; 0 without any.

    As long as it is not, the evidence ever reaches x with a chance of at most 1 / x, however often one looks. Minus infinity
    where floats end: that is the safe side, and a floor would turn many good operations into an alarm. 0 < limit < 1.

    Source: Ville, "Étude critique de la notion de collectif" (1939); Robbins, "Statistical methods related to the law of the
    iterated logarithm" (1970).
    """
    from scipy.special import betaincc, betaln, xlog1py, xlogy

    k, n, p0 = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (failed, total, limit)))
    # A Beta prior with mean p0 over the probabilities above it, weak enough to be half an operation.
    a, b = 0.5, 0.5 * (1 - p0) / p0
    with np.errstate(divide="ignore"):
        above = np.log(betaincc(a + k, b + n - k, p0))
    prior = betaln(a, b) + np.log(betaincc(a, b, p0))
    return np.asarray(betaln(a + k, b + n - k) + above - prior - xlogy(k, p0) - xlog1py(n - k, -p0))


def shock_weight(per_day: Numbers, limit: Numbers, *, shock: float = SHOCK) -> Floats:
    """What one operation counts for when all of a day scatter together, with `per_day` operations on a mean day: 1 or less."""
    p0 = np.asarray(limit, dtype=np.float64)
    return np.asarray(1 / (1 + np.asarray(per_day) * p0 * (1 - p0) * shock**2))


def standing_out(log_e: Numbers, *, false_share: float = FALSE_SHARE) -> npt.NDArray[np.bool_]:
    """Which of many e-values stand out among all, so that at most this share of them is expected to do so by chance.

    However they depend on each other, as slices that overlap do. The rule is called e-BH.

    Source: Wang and Ramdas, "False discovery rate control with e-values" (2022).
    """
    values = np.asarray(log_e, dtype=np.float64)
    ordered = -np.sort(-values)
    holds = ordered + np.log(np.arange(1, values.size + 1)) >= math.log(max(values.size, 1) / false_share)
    return values >= ordered[holds.nonzero()[0][-1]] if holds.any() else np.zeros(values.shape, dtype=bool)


def judged(cohorts: pl.DataFrame) -> pl.DataFrame:
    """One row per SLO and slice of `cohorts`, in their order, with its evidence and its state.

    `cohorts`: one row per `slo`, slice (`slice_by`, empty for the fleet, and any columns of values) and `day`, ordered so that
    those of a slice follow each other by day; Int64 `bad` and `total` above 0, Float64 `limit`.
    Returns the columns of the slice, `limit`, Int64 `bad` and `total` of all days, Float64 `log_e` after the last of them,
    `highest_log_e` after any of them and `highest_on` that day (null while no evidence was above that of no operation), and
    String `state`: `alarm`, `watch` or `quiet`. A fleet is in alarm once its highest evidence was enough; of an SLO's slices
    those are that stand out today among all of them, which nothing but the current evidence may decide.
    """
    slice_ = [name for name in cohorts.columns if name not in ("day", "bad", "total", "limit")]
    days = cohorts.with_columns(number=pl.struct(slice_).rle_id()).with_columns(
        per_day=pl.col("total").mean().over("number"),
        is_last=pl.col("day") == pl.col("day").last().over("number"),
        has_failed=pl.col("bad") > 0,
        bad=pl.col("bad").cum_sum().over("number"),
        total=pl.col("total").cum_sum().over("number"),
    )
    # On a day without a failure evidence only falls.
    told = days.filter(pl.col("has_failed") | pl.col("is_last"))
    bad, total, limit, per_day = (told[name].to_numpy() for name in ("bad", "total", "limit", "per_day"))
    weight = shock_weight(per_day, limit)
    log_e = pl.Series(log_e_above(weight * bad, weight * total, limit), dtype=pl.Float64)
    highest = pl.col("log_e").arg_max()
    found = (
        told.with_columns(log_e=log_e)
        .group_by("number", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in (*slice_, "limit")),
            *(pl.col(name).last() for name in ("bad", "total", "log_e")),
            highest_log_e=pl.col("log_e").max().clip(lower_bound=0.0),
            highest_on=pl.when(pl.col("log_e").max() > 0).then(pl.col("day").get(highest)),
        )
    )
    stands_out = np.zeros(found.height, dtype=bool)
    is_slice, slos = (found["slice_by"] != "").to_numpy(), found["slo"].to_numpy()
    for slo in found["slo"].unique():
        its = is_slice & (slos == slo)
        stands_out[its] = standing_out(found["log_e"].to_numpy()[its])
    is_fleet, enough = pl.col("slice_by") == "", pl.col("highest_log_e") >= math.log(ALARM_FROM)
    state = (
        pl.when(pl.Series(stands_out) | (is_fleet & enough))
        .then(pl.lit(ALARM))
        .when(pl.col("highest_log_e") >= math.log(WATCH_FROM))
        .then(pl.lit(WATCH))
        .otherwise(pl.lit(QUIET))
    )
    return found.drop("number").with_columns(state=state)
