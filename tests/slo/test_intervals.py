"""Intervals, bounds and verdicts against published values and against SciPy's own tests, at the ends too."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from assets.slo.intervals import (
    VERDICTS,
    detectable_sli,
    lower_bound,
    upgrades_needed,
    upper_bound,
    verdict,
    wilson,
)

REFERENCES = [
    # good, total, Wilson 95 %, two-sided Clopper-Pearson 95 %, one-sided 95 % lower and upper
    (20, 20, (0.83887484, 1), (0.83156653, 1), (0.86089166, 1)),
    (0, 20, (0, 0.16112516), (0, 0.16843347), (0, 0.13910834)),
    (199, 200, (0.97222630, 0.99911683), (0.97245810, 0.99987342), (0.97650153, 0.99974357)),
    (598, 598, (0.99361716, 1), (0.99385029, 1), (0.99500294, 1)),
    (995, 1000, (0.98834904, 0.99786246), (0.98837053, 0.99837458), (0.98951592, 0.99802785)),
]


@pytest.mark.parametrize(("good", "total", "wilson_95", "exact_95", "one_sided_95"), REFERENCES)
def test_intervals_have_the_published_values(good, total, wilson_95, exact_95, one_sided_95):
    low, high = wilson(good, total, 0.95)
    assert (low, high) == pytest.approx(wilson_95, abs=5e-9)
    # A two-sided 95 % interval is two one-sided bounds at 97.5 %.
    assert (lower_bound(good, total, 0.975), upper_bound(good, total, 0.975)) == pytest.approx(exact_95, abs=5e-9)
    assert (lower_bound(good, total, 0.95), upper_bound(good, total, 0.95)) == pytest.approx(one_sided_95, abs=5e-9)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("good", "total"), [(0, 1), (1, 1), (3, 7), (49, 50), (1200, 1234)])
def test_intervals_agree_with_scipy(good, total, confidence):
    result = stats.binomtest(good, total)
    expected = result.proportion_ci(confidence, method="wilson")
    assert [float(end) for end in wilson(good, total, confidence)] == pytest.approx([*expected], abs=1e-12)
    # Two-sided at 2c - 1 has both one-sided bounds at c.
    exact = result.proportion_ci(2 * 0.95 - 1, method="exact")
    assert [float(lower_bound(good, total, 0.95)), float(upper_bound(good, total, 0.95))] == pytest.approx([*exact], abs=1e-12)


def test_the_ends_are_exactly_zero_and_one():
    good, total = np.array([0, 0, 1, 10**6]), np.array([1, 10**6, 1, 10**6])
    low, high = wilson(good, total, 0.95)
    assert low[:2].tolist() == [0.0, 0.0]
    assert high[2:].tolist() == [1.0, 1.0]
    assert lower_bound(good, total, 0.95)[:2].tolist() == [0.0, 0.0]
    assert upper_bound(good, total, 0.95)[2:].tolist() == [1.0, 1.0]


def test_nothing_decided_gives_no_interval_without_a_warning(recwarn):
    for ends in (*wilson([0, 1], [0, 1], 0.95), lower_bound([0, 1], [0, 1], 0.95), upper_bound([0, 1], [0, 1], 0.95)):
        assert np.isnan(ends).tolist() == [True, False]
    assert len(recwarn) == 0


@pytest.mark.parametrize(
    ("good", "bad", "target", "expected"),
    [
        pytest.param(0, 0, 0.99, "no_data", id="nothing happened, which is not a hundred percent"),
        pytest.param(0, 0, 0.0, "no_data", id="nothing happened, and even a target of zero is not met"),
        pytest.param(0, 1, 0.0, "met", id="a target of zero is met by anything"),
        pytest.param(58, 0, 0.95, "undecided", id="58 clean upgrades do not show 95 %"),
        pytest.param(59, 0, 0.95, "met", id="59 clean upgrades show 95 %"),
        pytest.param(597, 0, 0.995, "undecided", id="597 clean upgrades do not show 99.5 %"),
        pytest.param(598, 0, 0.995, "met", id="598 clean upgrades show 99.5 %"),
        pytest.param(0, 1, 0.995, "missed", id="one failure alone has a chance of half a percent at 99.5 %"),
        pytest.param(0, 1, 0.95, "undecided", id="one failure alone has a chance of exactly five percent at 95 %"),
        pytest.param(3, 0, 0.05 ** (1 / 3), "met", id="a lower bound exactly at the target meets it"),
        pytest.param(0, 2, 0.95, "missed", id="two failures of two are too many at 95 %"),
        pytest.param(1, 0, 0.05, "met", id="one success alone decides exactly at a target of five percent"),
        pytest.param(196, 4, 0.995, "missed", id="4 of 200 is the first count that misses 99.5 %"),
        pytest.param(197, 3, 0.995, "undecided", id="3 of 200 could still be 99.5 %"),
        pytest.param(199, 1, 0.995, "undecided", id="exactly at the target is undecided"),
        pytest.param(0, 10**6, 0.9, "missed", id="only failures"),
        pytest.param(10**9, 10**6, 0.99, "met", id="many operations decide clearly"),
    ],
)
def test_a_verdict_needs_evidence(good, bad, target, expected):
    assert verdict(good, bad, target, 0.95).item() == expected


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_verdicts_are_those_of_the_bounds(confidence):
    good, bad, target = (
        grid.ravel() for grid in np.meshgrid([0, 1, 2, 19, 95, 300, 5000], range(12), [0.3, 0.5, 0.9, 0.95, 0.995, 0.9999])
    )
    expected = np.select(
        [
            good + bad == 0,
            lower_bound(good, good + bad, confidence) >= target,
            upper_bound(good, good + bad, confidence) < target,
        ],
        ["no_data", "met", "missed"],
        default="undecided",
    )
    assert verdict(good, bad, target, confidence).tolist() == expected.tolist()
    assert set(expected) == set(VERDICTS)


def test_a_missed_target_is_rarely_called_so_when_it_is_met():
    # By exact summation, not by simulation: 200 operations that fail with exactly the allowed probability.
    bad = np.arange(201)
    chance = stats.binom.pmf(bad, 200, 0.005)
    assert chance[verdict(200 - bad, bad, 0.995, 0.95) == "missed"].sum() == pytest.approx(0.018681339, abs=5e-10)
    assert chance[verdict(200 - bad, bad, 0.995, 0.95) == "met"].sum() == 0


@pytest.mark.parametrize(
    ("target", "bad", "total"),
    [(0.995, bad, total) for bad, total in enumerate([598, 947, 1258, 1549, 1829, 2100])]
    + [(0.95, bad, total) for bad, total in enumerate([59, 93, 124, 153, 181, 208])],
)
def test_so_many_operations_with_so_few_failures_show_the_target(target, bad, total):
    assert upgrades_needed([0, total - bad - 7, total - bad, 2 * total], bad, target, 0.95).tolist() == [total - bad, 7, 0, 0]


@pytest.mark.parametrize(
    ("good", "bad", "target", "expected"),
    [
        pytest.param(0, 0, 0.995, 598, id="without operations it is how many in all"),
        pytest.param(0, 0, 0.0, 1, id="a target of zero is met by anything, but not by nothing"),
        pytest.param(0, 9, 0.0, 0, id="a target of zero is met by failures too"),
        pytest.param(0, 0, 0.05, 1, id="one success decides exactly at a target of five percent"),
        pytest.param(196, 4, 0.995, 1829 - 200, id="a missed target has a way back"),
        pytest.param(3, 0, 1 - 2**-53, np.nan, id="more than can be told to the unit"),
    ],
)
def test_the_operations_needed_are_whole_numbers_from_zero(good, bad, target, expected):
    assert upgrades_needed(good, bad, target, 0.95).item() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("total", "target", "ratio"),
    [
        (200, 0.995, 0.027402093),
        (1000, 0.995, 0.012496713),
        (5000, 0.995, 0.0077525725),
        (100, 0.95, 0.12296940),
    ],
)
def test_the_failure_ratio_that_would_have_been_seen_has_the_published_value(total, target, ratio):
    assert 1 - detectable_sli(total, target, 0.95).item() == pytest.approx(ratio, rel=1e-7)


@pytest.mark.parametrize(
    ("total", "target"),
    [
        pytest.param(0, 0.995, id="no operation"),
        pytest.param(2, 0.5, id="two operations at fifty percent"),
        pytest.param(1, 0.95, id="one operation whose failure has a chance of exactly five percent"),
        pytest.param(10**6, 0.0, id="a target that nothing misses"),
    ],
)
def test_too_few_operations_show_no_failure_ratio_at_all(total, target):
    assert np.isnan(detectable_sli(total, target, 0.95))


def test_what_is_told_of_each_entry_is_what_verdicts_say():
    grids = np.meshgrid([0, 1, 19, 300], [0, 1, 7, 30], [0.0, 0.3, 0.95, 0.9999], [0.6, 0.95])
    good, bad, target, confidence = (grid.ravel() for grid in grids)
    needed = upgrades_needed(good, bad, target, confidence)
    assert set(verdict(good + needed, bad, target, confidence)) == {"met"}
    assert "met" not in set(verdict(good + needed - 1, bad, target, confidence)[needed > 0])
    total, shown = good + bad, detectable_sli(good + bad, target, confidence)
    is_shown = ~np.isnan(shown)
    assert ((verdict(0, total, target, confidence) == "missed") == is_shown).all()
    # The fewest failures of so many that miss, by trying all; then the chance of as many at the ratio shown.
    for n, goal, level, ratio in zip(*(each[is_shown] for each in (total, target, confidence, shown)), strict=True):
        fewest = np.argmax(verdict(n - np.arange(n + 1), np.arange(n + 1), goal, level) == "missed")
        assert stats.binom.sf(fewest - 1, n, 1 - ratio) == pytest.approx(0.8, abs=1e-9)


def test_a_failure_ratio_that_would_have_been_seen_is_seen_four_times_in_five():
    bad = np.arange(1001)
    chance = stats.binom.pmf(bad, 1000, 1 - detectable_sli(1000, 0.995, 0.95).item())
    assert chance[verdict(1000 - bad, bad, 0.995, 0.95) == "missed"].sum() == pytest.approx(0.8, abs=1e-9)


def test_importing_the_module_does_not_pay_for_scipy():
    program = "import sys, assets.slo.intervals, assets.slo.evidence; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
