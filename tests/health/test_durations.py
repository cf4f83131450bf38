"""Durations with upgrades in flight: published data, and simulated fleets whose truth is known."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.health.durations import (
    exact_bounds,
    follow_up,
    kaplan_meier,
    log_log_band,
    order_quantiles,
    order_ranks,
    quantiles,
    share_within,
)

# Freireich et al., "The effect of 6-mercaptopurine on the duration of steroid-induced remissions in acute leukemia" (1963).
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def observed(times: list[float], finished: list[int], group: str = "all", **more: list[float]) -> pl.DataFrame:
    return pl.DataFrame({
        "group": [group] * len(times), "seconds": [float(t) for t in times], "finished": [f == 1 for f in finished],
        **{name: [float(value) for value in values] for name, values in more.items()},
    })  # fmt: skip


def operations(*rows: tuple[str, float | None, float], group: str = "all") -> pl.DataFrame:
    """Rows of (state, elapsed, age)."""
    return pl.DataFrame(
        [(group, *row) for row in rows],
        schema={"group": pl.String, "state": pl.String, "elapsed_seconds": pl.Float64, "age_seconds": pl.Float64},
        orient="row",
    )


@pytest.fixture(scope="module")
def trial() -> pl.DataFrame:
    """Both arms, rows of the one among those of the other."""
    both = pl.concat([observed(TREATED, RELAPSED, "6-MP"), observed(PLACEBO, [1] * 21, "placebo")])
    return both.sample(fraction=1.0, shuffle=True, seed=3)


@pytest.mark.parametrize(
    ("time", "survival", "error", "low", "high"),
    [
        (6, 0.85714286, 0.076360355, 0.61971796, 0.95155175),
        (10, 0.75294118, 0.096349653, 0.50319951, 0.88936184),
        (23, 0.44817927, 0.13459146, 0.18805201, 0.68014263),
    ],
)
def test_the_curve_of_a_published_trial_has_its_published_steps_errors_and_band(trial, time, survival, error, low, high):
    steps = kaplan_meier(trial)
    [row] = steps.filter((pl.col("group") == "6-MP") & (pl.col("seconds") == time)).rows(named=True)
    assert (row["survival"], row["low"], row["high"]) == pytest.approx((survival, low, high), rel=1e-7)
    assert row["std_error"] == pytest.approx(error, rel=1e-7)
    # SciPy has the same curve, of one group.
    data = stats.CensoredData.right_censored(np.array(TREATED, float), np.array(RELAPSED) == 0)
    curve = stats.ecdf(data).sf
    assert row["survival"] == pytest.approx(curve.evaluate(time))
    assert row["high"] == pytest.approx(curve.confidence_interval(method="log-log").high.evaluate(time))


def test_medians_are_where_the_curve_and_its_band_first_reach_one_half(trial):
    found = {row["group"]: row for row in quantiles(kaplan_meier(trial), {"p50": 0.5}).rows(named=True)}
    assert (found["6-MP"]["p50"], found["6-MP"]["p50_low"], found["6-MP"]["p50_high"]) == (23, 13, None)
    assert (found["placebo"]["p50"], found["placebo"]["p50_low"], found["placebo"]["p50_high"]) == (8, 4, 11)


@pytest.mark.parametrize(
    ("total", "share", "low", "high"), [(100, 0.95, 90, 100), (1000, 0.95, 936, 964), (100, 0.5, 40, 61), (20, 0.95, 17, 21)]
)
def test_without_censoring_a_quantile_lies_between_two_ranks(total, share, low, high):
    ranks = order_ranks(np.array([total, 100]), share)
    assert [int(rank[0]) for rank in ranks] == [low, high]
    times = observed([float(n) for n in range(total, 0, -1)], [1] * total)
    [row] = order_quantiles(times, {"q": share}).rows(named=True)
    assert (row["q_low"], row["q_high"]) == (low, None if high > total else high)


def test_a_rank_before_the_first_is_no_end_and_groups_with_somebody_left_have_none_of_these():
    found = order_quantiles(pl.concat([observed([5], [1], "one"), observed([5, 6], [1, 0], "left")]), {"p50": 0.5})
    assert found.rows() == [("one", None, None)]


def test_delayed_entry_counts_nobody_before_it():
    # (entry, exit, patched) of eight clusters, in hours, the example of exposure to a vulnerability.
    rows = [(0, 10, 1), (0, 30, 1), (0, 30, 1), (0, 50, 0), (0, 70, 1), (20, 60, 1), (24, 100, 0), (0, 100, 0)]
    entries, times, patched = (list(column) for column in zip(*rows, strict=True))
    watched = observed(times, patched, entry=entries)
    steps = kaplan_meier(watched)
    assert dict(steps.select("seconds", "survival").rows()) == pytest.approx(
        {10: 0.83333333, 30: 0.59523810, 60: 0.44642857, 70: 0.29761905}, rel=1e-7
    )
    [row] = share_within(watched, steps, limit=72).rows(named=True)
    assert (row["share"], row["low"], row["high"]) == pytest.approx((0.70238095, 0.37605561, 0.95557198), rel=1e-6)


def test_an_entry_that_is_not_before_the_exit_is_refused_with_both():
    with pytest.raises(ValueError, match=r"entry 5\.0 of an operation seen until 5\.0"):
        kaplan_meier(observed([5], [1], entry=[5]))


def test_failed_ones_are_at_risk_until_now_and_cancelled_ones_until_they_were():
    rows = follow_up(operations(("succeeded", 60, 900), ("failed", 30, 900), ("running", None, 500), ("cancelled", 40, 900)))
    assert rows.select("seconds", "finished").rows() == [(60, True), (900, False), (500, False), (40, False)]
    # One of the three that were still seen after 60 s finished then.
    [step] = kaplan_meier(rows).rows(named=True)
    assert (step["seconds"], step["at_risk"], step["survival"]) == (60, 3, pytest.approx(2 / 3))


def test_exact_bounds_leave_open_only_what_is_younger_than_the_limit():
    rows = operations(("succeeded", 100, 9e9), ("failed", 50, 9e9), ("running", None, 60), ("running", None, 4_000))
    assert exact_bounds(rows, limit=2_700).rows() == [("all", 4, 0.25, 0.5)]
    at_the_limit = operations(("succeeded", 2_700, 9e9), ("running", None, 2_700), ("cancelled", 10, 9e9))
    assert exact_bounds(at_the_limit, limit=2_700).rows() == [("all", 2, 0.5, 0.5)]
    assert exact_bounds(operations(("cancelled", 10, 20)), limit=5).rows() == [("all", 0, None, None)]


def test_the_limit_is_inclusive_and_a_finish_comes_before_a_censoring_at_the_same_time():
    rows = follow_up(operations(("succeeded", 2_700, 9_000), ("running", None, 2_700), ("succeeded", 2_701, 9_000)))
    steps = kaplan_meier(rows)
    assert steps["at_risk"].to_list() == [3, 1]
    [row] = share_within(rows, steps, limit=2_700).rows(named=True)
    assert row["share"] == pytest.approx(1 / 3)


def test_without_censoring_the_estimate_is_the_plain_share():
    times = [float(n) for n in range(1, 201)]
    rows = observed(times, [1] * 200)
    [row] = share_within(rows, kaplan_meier(rows), limit=150).rows(named=True)
    assert row["share"] == pytest.approx(0.75, abs=1e-12)
    assert row["std_error"] == pytest.approx(math.sqrt(0.75 * 0.25 / 200))


def test_beyond_what_was_seen_there_is_no_estimate_and_without_a_finish_no_band():
    rows = follow_up(
        pl.concat(
            [
                operations(("running", None, 100), ("succeeded", 50, 300), group="young"),
                operations(("running", None, 900), group="none yet"),
                operations(("succeeded", 50, 900), ("succeeded", 60, 900), group="all done"),
            ]
        )
    )
    found = share_within(rows, kaplan_meier(rows), limit=600)
    assert found.select("group", "last_seen", "share", "low", "high").rows() == [
        ("all done", 60, 1.0, None, 1.0),
        ("none yet", 900, 0.0, None, None),
        ("young", 100, None, None, None),
    ]


def test_no_operation_at_all_gives_no_rows():
    nothing = follow_up(operations())
    steps = kaplan_meier(nothing)
    assert steps.is_empty()
    assert share_within(nothing, steps, limit=60).is_empty()
    assert quantiles(steps, {"p50": 0.5}).is_empty()
    assert exact_bounds(nothing, limit=60).is_empty()


def test_fifty_thousand_groups_are_one_computation():
    draw = np.random.default_rng(11)
    groups = 50_000
    rows = pl.DataFrame(
        {
            "group": np.arange(groups).repeat(4),
            "seconds": draw.exponential(1_000, 4 * groups),
            "finished": [True, True, False, True] * groups,
        }
    )
    steps = kaplan_meier(rows)
    assert steps.height == 3 * groups
    found = share_within(rows, steps, limit=800.0)
    assert found.height == groups
    one = rows.filter(pl.col("group") == 31_415)
    alone = share_within(one, kaplan_meier(one), limit=800.0)
    assert found.filter(pl.col("group") == 31_415).rows() == alone.rows()


def simulated(n: int, *, failing: float, seed: int, groups: int = 1, censored: bool = True) -> pl.DataFrame:
    """Upgrades of which a share fails after 300 s and the others take 30 min in the median, seen at ages up to 2 h."""
    draw = np.random.default_rng(seed)
    size = n * groups
    fails, age = draw.random(size) < failing, draw.uniform(0, 7_200, size) if censored else np.full(size, 1e9)
    takes = np.where(fails, 300.0, draw.lognormal(math.log(1_800), 0.4, size))
    state = np.where(takes > age, "running", np.where(fails, "failed", "succeeded"))
    return pl.DataFrame(
        {
            "group": np.arange(groups).repeat(n),
            "state": state,
            "elapsed_seconds": np.where(takes > age, np.nan, takes),
            "age_seconds": age,
        }
    )


def share(rows: pl.DataFrame, limit: float = 2_700) -> dict[str, Any]:
    [row] = share_within(rows, kaplan_meier(rows), limit=limit).rows(named=True)
    return row


@pytest.mark.slow
def test_failures_and_censoring_together_do_not_bias_the_share():
    rows = simulated(200_000, failing=0.3, seed=3)
    truth = 0.7 * stats.norm.cdf(math.log(2_700 / 1_800) / 0.4)
    assert truth == pytest.approx(0.59124, abs=1e-5)
    assert share(follow_up(rows))["share"] == pytest.approx(truth, abs=0.005)
    # What it would be with failures censored when they failed, or at risk for ever.
    at_failure = follow_up(rows).with_columns(
        seconds=pl.when(pl.col("state") == "failed").then("elapsed_seconds").otherwise("seconds")
    )
    assert share(at_failure)["share"] == pytest.approx(0.84425, abs=0.005)
    for_ever = follow_up(rows).with_columns(seconds=pl.when(pl.col("state") == "failed").then(1e12).otherwise("seconds"))
    assert share(for_ever)["share"] == pytest.approx(0.54158, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 300])
def test_the_band_holds_the_truth_in_ninety_five_of_a_hundred_fleets(n):
    rows = follow_up(simulated(n, failing=0.1, seed=n, groups=2_000))
    truth = 0.9 * stats.norm.cdf(math.log(2_700 / 1_800) / 0.4)
    found = share_within(rows, kaplan_meier(rows), limit=2_700)
    covered = ((found["low"] <= truth) & (found["high"] >= truth)).sum() / 2_000
    assert 0.93 <= covered <= 0.97


@pytest.mark.slow
def test_five_percent_stuck_flatter_the_finished_ones_and_not_the_curve():
    draw = np.random.default_rng(8)
    size = 200_000
    stuck, age = draw.random(size) < 0.05, draw.uniform(0, 86_400, size)
    takes = np.where(stuck, 1e9, draw.lognormal(math.log(1_800), 0.25, size))
    limit = 1_800 * math.exp(0.25 * stats.norm.ppf(0.904 / 0.95))  # a share of .904 in truth
    rows = pl.DataFrame(
        {
            "group": np.zeros(size, int),
            "state": np.where(takes > age, "running", "succeeded"),
            "elapsed_seconds": takes,
            "age_seconds": age,
        }
    )
    assert share(follow_up(rows), limit)["share"] == pytest.approx(0.904, abs=0.005)
    completed = rows.filter(pl.col("state") == "succeeded")["elapsed_seconds"]
    assert (completed <= limit).mean() == pytest.approx(0.95, abs=0.01)


def test_the_band_of_another_confidence_is_wider(trial):
    steps = kaplan_meier(trial)
    low, high = log_log_band(pl.col("survival"), pl.col("std_error"), confidence=0.99)
    inside = steps.filter(pl.col("survival") > 0).with_columns(wide_low=low, wide_high=high)
    assert (inside["wide_low"] < inside["low"]).all()
    assert (inside["wide_high"] > inside["high"]).all()
