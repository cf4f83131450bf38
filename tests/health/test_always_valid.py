"""The daily alarm: evidence against reference values and theory, and which slices are in alarm, by hand."""

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import integrate, stats

from assets.health.always_valid import judged, log_e_above, shock_weight, standing_out


@pytest.mark.parametrize(
    ("failed", "total", "expected"),
    [
        (0, 0, 0.0),
        (0, 100, -0.55110556),
        (3, 200, 0.89644052),
        (5, 200, 2.9775529),
        (12, 1000, 2.6688654),
        (0, 100_000, -6.4939885),
    ],
)
def test_evidence_has_the_reference_values(failed, total, expected):
    assert log_e_above(failed, total, 0.005).item() == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_evidence_is_the_mean_likelihood_ratio_over_probabilities_above_the_limit():
    prior = stats.beta(0.5, 0.5 * 0.995 / 0.005)

    def ratio(q: float) -> float:
        return prior.pdf(q) / prior.sf(0.005) * (q / 0.005) ** 5 * ((1 - q) / 0.995) ** 195

    mean, _ = integrate.quad(ratio, 0.005, 1, points=[0.01, 0.03, 0.1], limit=200)
    assert log_e_above(5, 200, 0.005).item() == pytest.approx(math.log(mean), abs=1e-7)


def test_evidence_is_one_on_average_at_the_limit_and_less_below_it():
    failed = np.arange(401)
    log_e = log_e_above(failed, 400, 0.02)
    assert np.exp(stats.binom.logpmf(failed, 400, 0.02) + log_e).sum() == pytest.approx(1, abs=1e-9)
    assert np.exp(stats.binom.logpmf(failed, 400, 0.015) + log_e).sum() < 1


@pytest.mark.parametrize("total", [140_000, 10**6, 10**8])
def test_many_operations_without_a_failure_are_no_alarm(total, recwarn):
    # A floor under the logarithm would make this +8.5 and more.
    assert log_e_above(0, total, 0.005).item() < -6
    assert len(recwarn) == 0


def test_shocks_take_the_more_off_an_operation_the_more_share_its_day():
    # 200 · 0.005 · 0.995 · 0.09 = 0.08955, and a thousand times that.
    assert shock_weight([0, 200, 200_000], 0.005, shock=0.3).tolist() == pytest.approx([1, 1 / 1.08955, 1 / 90.55])


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param([100, 39, 1, 1], [True, False, False, False], id="39 twice is less than 4 / 0.05"),
        pytest.param([1, 41, 1, 100], [False, True, False, True], id="41 twice is more"),
        pytest.param([1, 79, 1, 1], [False] * 4, id="79 once is less than 4 / 0.05"),
        pytest.param([27, 27, 27, 1], [True, True, True, False], id="three of 27 hold each other up"),
        pytest.param([20], [True], id="one alone needs twenty"),
        pytest.param([], [], id="none"),
    ],
)
def test_many_slices_stand_out_only_among_all_of_them(evidence, expected):
    assert standing_out(np.log(evidence)).tolist() == expected


def test_evidence_that_is_minus_infinity_does_not_stand_out():
    assert standing_out([-math.inf, math.log(50)]).tolist() == [False, True]


FIRST = date(2026, 11, 1)


def cohorts(*slices: tuple[str, str, list[tuple[int, int]]], limit: float = 0.01) -> pl.DataFrame:
    """(slo, region or "" for the fleet, (bad, total) by day; a total of 0 is a day without operations)."""
    return pl.DataFrame(
        [
            (slo, "region" if region else "", region or None, FIRST + timedelta(days=ago), bad, total, limit)
            for slo, region, days in slices
            for ago, (bad, total) in enumerate(days)
            if total
        ],
        schema={
            "slo": pl.String, "slice_by": pl.String, "region": pl.String,
            "day": pl.Date, "bad": pl.Int64, "total": pl.Int64, "limit": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def test_a_slice_is_judged_by_the_counts_of_all_its_days():
    [row] = judged(cohorts(("a", "", [(0, 100), (0, 0), (4, 120), (0, 80)]))).to_dicts()
    assert (row["slo"], row["slice_by"], row["region"], row["bad"], row["total"], row["limit"]) == ("a", "", None, 4, 300, 0.01)
    # A mean day of operations has 100: 100 · 0.0099 · 0.09 = 0.0891.
    weight = 1 / 1.0891
    assert row["log_e"] == pytest.approx(log_e_above(4 * weight, 300 * weight, 0.01).item())
    assert row["highest_log_e"] == pytest.approx(log_e_above(4 * weight, 220 * weight, 0.01).item())
    assert row["highest_on"] == date(2026, 11, 3)


def test_without_failures_the_evidence_never_rises_above_that_of_nothing():
    [row] = judged(cohorts(("a", "", [(0, 100)] * 5))).to_dicts()
    assert row["log_e"] < 0
    assert (row["highest_log_e"], row["highest_on"], row["state"]) == (0.0, None, "quiet")


def test_a_fleet_stays_in_alarm_until_the_month_ends():
    rows = judged(
        cohorts(("a", "", [(20, 200), *[(0, 1000)] * 9]), ("b", "", [(5, 100), (0, 1)]), ("c", "", [(1, 100)]))
    ).to_dicts()
    assert [row["state"] for row in rows] == ["alarm", "watch", "quiet"]
    assert rows[0]["log_e"] < math.log(20) < rows[0]["highest_log_e"]


def test_a_slice_is_in_alarm_only_while_it_stands_out_among_those_of_its_slo():
    once = (8, 100)  # by itself enough
    alone = judged(cohorts(("a", "", [(8, 10_000)]), ("a", "west", [once]), ("b", "east", [once])))
    assert alone["state"].to_list() == ["quiet", "alarm", "alarm"]
    many = [("a", f"r{number:03}", [(0, 100)]) for number in range(400)]
    among = judged(cohorts(("a", "west", [once]), *many)).row(0, named=True)
    assert math.log(20) < among["log_e"] < math.log(401 / 0.05)
    assert among["state"] == "watch"
    past = judged(cohorts(("a", "west", [once, *[(0, 1000)] * 9]))).row(0, named=True)
    assert past["state"] == "watch"


def test_no_cohort_gives_no_row():
    assert judged(cohorts()).columns == [
        "slo", "slice_by", "region", "limit", "bad", "total", "log_e", "highest_log_e", "highest_on", "state",
    ]  # fmt: skip
    assert judged(cohorts()).is_empty()


def test_fifty_thousand_slices_have_fifty_thousand_states():
    days = [(1, 40), (0, 60), (2, 50)]
    assert judged(cohorts(*(("a", f"r{number}", days) for number in range(50_000)))).height == 50_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("per_day", "times", "shock", "at_least", "at_most"),
    [
        pytest.param(200, 1, 0.0, 0.0, 0.05, id="healthy, looked at on 28 days"),
        pytest.param(1000, 1, 0.3, 0.0, 0.06, id="healthy, with the shocks that are allowed for"),
        pytest.param(5000, 1, 0.3, 0.0, 0.06, id="a large fleet, healthy, with such shocks"),
        pytest.param(200, 2, 0.0, 0.85, 1.0, id="twice the failures are found"),
    ],
)
def test_alarms_are_as_rare_and_as_sure_as_they_should_be(per_day, times, shock, at_least, at_most):
    draw = np.random.default_rng(5)
    limit, runs, days = 0.005, 4000, 28
    logit = math.log(limit * times / (1 - limit * times)) + shock * draw.standard_normal((runs, days))
    failed = draw.binomial(per_day, 1 / (1 + np.exp(-logit))).cumsum(axis=1)
    weight = shock_weight(per_day, limit)
    log_e = log_e_above(weight * failed, weight * per_day * np.arange(1, days + 1), limit)
    assert at_least <= (log_e.max(axis=1) >= math.log(20)).mean() <= at_most
