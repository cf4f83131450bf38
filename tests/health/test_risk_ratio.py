"""Risk ratios: published and independent values, what an interval by a score test promises, and rates of zero."""

import math

import numpy as np
import pytest
from scipy.stats import chi2
from scipy.stats.contingency import relative_risk

from assets.health.risk_ratio import distance, risk_ratios


def of(*counts, confidence=0.95):
    return tuple(float(each) for each in risk_ratios(*counts, confidence=confidence))


def test_the_interval_is_that_of_its_inventors_example():
    # Koopman (1984): 36 of 40 against 16 of 80.
    assert of(36, 40, 16, 80) == pytest.approx((4.5, 2.94, 7.15), abs=0.005)


@pytest.mark.parametrize("counts", [(27, 122, 44, 487), (450, 12_000, 3_000, 240_000), (45, 1_200, 300, 50_000), (10, 10, 1, 50)])
def test_the_ratio_is_that_of_scipy(counts):
    assert of(*counts)[0] == pytest.approx(relative_risk(*counts).relative_risk)


def test_of_many_operations_the_interval_is_nearly_the_logarithmic_one():
    counts = (450, 12_000, 3_000, 240_000)
    assert of(*counts)[1:] == pytest.approx(tuple(relative_risk(*counts).confidence_interval(0.95)), rel=3e-4)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("counts", [(36, 40, 16, 80), (3, 20, 5, 400), (1, 1000, 40, 30_000), (5, 5, 2, 9)])
def test_both_ends_are_where_the_score_test_begins_to_refuse(counts, confidence):
    _, low, high = of(*counts, confidence=confidence)
    assert [distance(*counts, end) for end in (low, high)] == pytest.approx([chi2.ppf(confidence, 1)] * 2)
    assert distance(*counts, (low + high) / 2) < chi2.ppf(confidence, 1) < distance(*counts, high * 1.01)


def test_at_a_ratio_of_one_the_score_test_is_pearsons():
    from scipy.stats import chi2_contingency

    found = chi2_contingency([[7, 27], [1, 33]], correction=False)
    assert distance(7, 34, 1, 34, 1.0) == pytest.approx(found.statistic)


@pytest.mark.parametrize(("counts", "ratio"), [((3, 20, 5, 400), 2.0), ((36, 40, 16, 80), 3.0), ((0, 30, 5, 90), 1.5)])
def test_the_distance_is_measured_at_the_most_likely_rates_in_that_ratio(counts, ratio):
    # The same by searching all rates of the rest that leave both below 1.
    x1, n1, x0, n0 = counts
    p0 = np.linspace(1e-9, 1 / ratio - 1e-9, 2_000_001)
    p1 = ratio * p0
    likely = x1 * np.log(p1) + (n1 - x1) * np.log1p(-p1) + x0 * np.log(p0) + (n0 - x0) * np.log1p(-p0)
    p0 = p0[np.argmax(likely)]
    p1 = ratio * p0
    expected = (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x0 - n0 * p0) ** 2 / (n0 * p0 * (1 - p0))
    assert distance(*counts, ratio) == pytest.approx(expected, rel=1e-4)


def test_a_group_without_a_failure_has_an_upper_end():
    ratio, low, high = of(0, 20, 5, 100)
    assert (ratio, low) == (0.0, 0.0)
    assert distance(0, 20, 5, 100, high) == pytest.approx(chi2.ppf(0.95, 1))


def test_where_only_the_group_fails_the_ratio_has_a_lower_end_alone():
    ratio, low, high = of(3, 20, 0, 100)
    assert (ratio, high) == (math.inf, math.inf)
    assert 1 < low < 5
    assert distance(3, 20, 0, 100, low) == pytest.approx(chi2.ppf(0.95, 1))


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param((0, 10, 0, 10), id="nothing failed"),
        pytest.param((0, 0, 3, 10), id="nobody is in the group"),
        pytest.param((3, 10, 0, 0), id="nobody is in the rest"),
    ],
)
def test_without_anything_to_compare_there_is_no_ratio(counts):
    assert all(math.isnan(each) for each in of(*counts))


def test_where_all_fail_in_both_the_ratio_is_one_and_still_uncertain():
    ratio, low, high = of(20, 20, 10, 10)
    assert ratio == 1.0
    assert 0.5 < low < 1 < high < 2


def test_the_other_way_round_everything_is_inverted():
    ratio, low, high = of(36, 40, 16, 80)
    assert of(16, 80, 36, 40) == pytest.approx((1 / ratio, 1 / high, 1 / low))


def test_many_pairs_at_once_are_each_as_alone():
    pairs = np.array([(36, 40, 16, 80), (0, 20, 5, 100), (3, 20, 0, 100), (0, 0, 1, 1), (20, 20, 10, 10)])
    together = np.stack(risk_ratios(*pairs.T, confidence=0.95), axis=1)
    np.testing.assert_allclose(together, [of(*pair) for pair in pairs])


@pytest.mark.slow
@pytest.mark.parametrize(("rates", "totals"), [((0.02, 0.01), (200, 2_000)), ((0.01, 0.01), (100, 5_000))])
def test_nineteen_of_twenty_intervals_hold_the_true_ratio(rates, totals):
    rng = np.random.default_rng(20261130)
    x1, x0 = (rng.binomial(total, rate, 4_000) for total, rate in zip(totals, rates, strict=True))
    _, low, high = risk_ratios(x1, totals[0], x0, totals[1], confidence=0.95)
    assert np.mean((low <= rates[0] / rates[1]) & (rates[0] / rates[1] <= high)) > 0.935
