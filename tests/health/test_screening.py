"""The screening of many slices against published values, and its findings where chance alone is at work."""

import subprocess
import sys

import numpy as np
import pytest

from assets.health.screening import adjust, odds_ratios, reachable_below, screen, tail, visible_bad_ratio


@pytest.mark.parametrize(
    ("counts", "p", "smallest"),
    [
        pytest.param((2, 15, 0, 15), 0.24137931, 0.24137931, id="both bad ones are the slice's"),
        pytest.param((15, 15, 0, 15), 6.446725e-9, 6.446725e-9, id="all are bad here and none elsewhere"),
        pytest.param((6, 200, 10, 2000), 0.0019283769, 1.2413095e-17, id="three percent against half a percent"),
        pytest.param((0, 50, 3, 500), 1, 0.00071070886, id="no bad one, where there could have been some"),
    ],
)
def test_a_slice_has_the_published_chance_and_the_published_smallest_one(counts, p, smallest):
    found = screen(*([each] for each in counts))
    assert found.p.item() == pytest.approx(p, rel=1e-7)
    assert found.smallest_p.item() == pytest.approx(smallest, rel=1e-7)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param((0, 50, 0, 500), id="nothing is bad anywhere"),
        pytest.param((0, 0, 3, 500), id="the slice has decided nothing"),
        pytest.param((3, 50, 0, 0), id="the slice is the whole fleet"),
    ],
)
def test_where_there_is_nothing_to_compare_nothing_is_tested(counts):
    found = screen(*([each] for each in counts))
    assert (found.p.item(), found.adjusted_p.item()) == (1, 1)
    assert not found.is_tested.item()
    assert not found.is_finding.item()


def test_adjusted_chances_have_the_published_values():
    assert adjust([0.0001, 0.004, 0.019, 0.03, 0.2, 0.7]) == pytest.approx([0.0006, 0.012, 0.038, 0.045, 0.24, 0.7])
    assert adjust([]).size == 0


def test_slices_that_could_not_be_findings_are_below_the_published_cut():
    assert reachable_below([0.0001, 0.004, 0.3, 0.6, 0.02, 0.5], 0.1) == pytest.approx(0.1 / 3)
    assert reachable_below([], 0.1) == 0.1


def test_a_slice_that_cannot_be_a_finding_does_not_count_as_tested():
    # One bad operation in all can be in a slice of 2 of 4 by chance every second time, however it falls.
    found = screen([1, 15], [2, 15], [0, 0], [2, 15])
    assert found.is_tested.tolist() == [False, True]
    assert found.is_finding.tolist() == [False, True]
    assert found.adjusted_p.tolist() == pytest.approx([1, 6.446725e-9])


def test_odds_ratios_and_their_exact_intervals_have_the_published_values():
    found = odds_ratios([6, 15], [200, 15], [10, 0], [2000, 15], confidence=0.95)
    assert np.transpose(found)[0] == pytest.approx([6.1448881, 1.8151538, 18.896724], rel=1e-7)
    assert np.transpose(found)[1] == pytest.approx([np.inf, 26.751294848, np.inf], rel=1e-7)


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_odds_ratios_agree_with_scipy(confidence):
    from scipy import stats

    tables = [
        (3, 33, 1, 10_001),
        (0, 20, 5, 50),
        (300, 10_000, 9_700, 990_000),
        (1, 2, 1, 2),
        (40, 40, 3, 5),
        (2, 3, 153, 11_844),
    ]
    found = odds_ratios(*zip(*tables, strict=True), confidence=confidence)
    for (k1, n1, k0, n0), ends in zip(tables, np.transpose(found), strict=True):
        expected = stats.contingency.odds_ratio(np.array([[k1, n1 - k1], [k0, n0 - k0]]))
        assert list(ends) == pytest.approx([expected.statistic, *expected.confidence_interval(confidence)], rel=1e-6)


def test_an_odds_ratio_of_a_fleet_of_millions_is_the_one_of_large_numbers():
    # Where counts are large, the interval is the one of the normal approximation on the logarithm.
    counts = (30_000, 500_000, 70_000, 9_500_000)
    [ratio], [low], [high] = odds_ratios(*([each] for each in counts), confidence=0.99)
    spread = 2.5758293 * np.sqrt(1 / 30_000 + 1 / 470_000 + 1 / 70_000 + 1 / 9_430_000)
    plain = 30_000 * 9_430_000 / (470_000 * 70_000)
    assert [ratio, low, high] == pytest.approx([plain, plain * np.exp(-spread), plain * np.exp(spread)], rel=1e-4)


def test_the_ratio_that_would_have_been_seen_is_the_one_that_reaches_the_first_finding_in_four_of_five_cases():
    from scipy import stats

    ratio = visible_bad_ratio([200], [10], [2000], tested=20).item()
    # Alone among 20, a finding needs a chance of at most 0.1 / 20: the first count with that, by trying all.
    enough = next(bad for bad in range(1, 201) if tail(bad, 200, 10, 2000) <= 0.005)
    assert stats.binom.sf(enough - 1, 200, ratio) == pytest.approx(0.8)


def test_a_slice_too_small_for_any_finding_would_have_shown_nothing():
    assert np.isnan(visible_bad_ratio([1, 0, 9], [10, 10, 0], [100, 100, 0], tested=20)).all()


@pytest.mark.parametrize(("largest", "ratio"), [(12, 0.4), (300, 0.02), (40_000, 0.02), (40_000, 0.7)])
def test_the_tail_is_that_of_the_hypergeometric_distribution(largest, ratio):
    random = np.random.default_rng(largest)
    total, rest_total = random.integers([[0], [1]], largest, (2, 400))
    bad = random.binomial(total, np.minimum(ratio * random.choice([0.3, 1, 1.4], 400), 1))
    rest_bad = random.binomial(rest_total, ratio)
    from scipy import stats

    expected = stats.hypergeom.sf(bad - 1, total + rest_total, bad + rest_bad, total)
    assert tail(bad, total, rest_bad, rest_total) == pytest.approx(expected, rel=1e-7, abs=1e-300)


def test_fifty_thousand_slices_are_screened_at_once():
    random = np.random.default_rng(4)
    total = random.integers(1, 5_000, 50_000)
    bad = random.binomial(total, 0.01)
    found = screen(bad, total, 10_000 - bad, 1_000_000 - total)
    assert found.adjusted_p.shape == (50_000,)
    assert np.all(found.adjusted_p >= found.p)


def test_importing_the_module_does_not_pay_for_scipy():
    program = "import sys, assets.health.screening, assets.health.change; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def drawn(random: np.random.Generator, *, worse: int) -> tuple[np.ndarray, ...]:
    """300 slices against a baseline of their own, all at half a percent but for the first `worse` at three percent."""
    total, rest_total = random.integers(20, 401, 300), random.integers(200, 4001, 300)
    ratio = np.where(np.arange(300) < worse, 0.03, 0.005)
    return random.binomial(total, ratio), total, random.binomial(rest_total, 0.005), rest_total


@pytest.mark.slow
def test_days_on_which_nothing_is_worse_rarely_have_a_finding():
    random = np.random.default_rng(12)
    with_findings = sum(screen(*drawn(random, worse=0)).is_finding.any() for _ in range(1000))
    assert with_findings / 1000 <= 0.10 + 0.03


@pytest.mark.slow
def test_of_the_findings_where_ten_slices_are_worse_no_more_than_a_tenth_are_false():
    random = np.random.default_rng(13)
    shares, seen = [], []
    for _ in range(500):
        findings = screen(*drawn(random, worse=10)).is_finding
        shares.append(findings[10:].sum() / max(findings.sum(), 1))
        seen.append(findings[:10].sum() / 10)
    assert np.mean(shares) <= 0.10 + 3 * np.std(shares) / np.sqrt(500)
    assert np.mean(seen) > 0.3
