"""Alert rules: thresholds that follow from an objective's window, compared exactly, and the file of the shipped tiers."""

from fractions import Fraction

import pytest

from assets.slo.alert_rules import AlertRule, read_tiers, shipped_rules, short_minutes, shorthand

DAY = 1_440
TIER = '- {name: fast, severity: page, budget_spent_ratio: "0.02", long_window: 1h}\n'


@pytest.mark.parametrize(
    ("window_days", "expected"),
    [
        pytest.param(28, [13.44, 5.6, 2.8, 0.933333333, 0.4, 1.0], id="28 days"),
        pytest.param(30, [14.4, 6.0, 3.0, 1.0, 0.428571429, 1.071428571], id="30 days, as the workbook has them"),
    ],
)
def test_the_shipped_thresholds_are_rescaled_to_the_window_of_the_objective(window_days, expected):
    rules = shipped_rules(window_minutes=window_days * DAY, target=0.995)
    assert [float(rule.threshold) for rule in rules] == pytest.approx(expected)
    assert [shorthand(rule.long_minutes) for rule in rules] == ["1h", "6h", "1d", "3d", "7d", "7d"]
    assert [shorthand(rule.short_minutes) for rule in rules] == ["5m", "30m", "1d", "1d", "1d", "1d"]
    assert [rule.is_replayed for rule in rules] == [True, True, False, False, False, False]
    assert all(rule.fewest_bad == 3 for rule in rules)


@pytest.mark.parametrize(
    ("target", "fastest"),
    [
        pytest.param(0.9256, "2-percent-in-1h", id="burn rates go up to 13.441"),
        pytest.param(0.9255, "5-percent-in-6h", id="burn rates go up to 13.423, and 13.44 cannot be reached"),
    ],
)
def test_a_shipped_tier_that_no_burn_rate_can_reach_is_left_out(target, fastest):
    assert shipped_rules(window_minutes=28 * DAY, target=target)[0].name == fastest


@pytest.mark.parametrize(
    ("threshold", "target", "total", "is_strict", "expected"),
    [
        # 55 of 3,930 burn 2.7989822 times, which one decimal would round up to the threshold.
        pytest.param("2.8", 0.995, 3_930, False, 56, id="a burn rate just below the threshold is not rounded up to it"),
        pytest.param("2.8", 0.995, 4_000, False, 56, id="the threshold itself is enough"),
        pytest.param("2.8", 0.995, 4_000, True, 57, id="the threshold itself is not above it"),
        pytest.param("0.1", 0.7, 100, False, 3, id="0.1 * 0.3 * 100 is 3, and not the 4 that doubles round up to"),
        pytest.param("5", 0.9, 0, False, 0, id="of nothing, nothing"),
    ],
)
def test_the_bad_ones_that_a_threshold_takes_are_counted_exactly(threshold, target, total, is_strict, expected):
    rule = AlertRule("any", "page", Fraction(threshold), DAY, 120, is_strict=is_strict)
    assert rule.bad_needed(total, target) == expected


def test_a_short_window_is_a_twelfth_in_whole_minutes():
    assert [short_minutes(minutes) for minutes in (60, 61, 1, 7 * DAY)] == [5, 6, 1, 840]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TIER.replace("severity", "urgency"), r"\[0\]: keys \[.*'urgency'\]; accepted: exactly \['budget_spent_ratio'"),
        (TIER.replace('"0.02"', "0.02"), r'\[0\]\.budget_spent_ratio: read 0\.02; accepted: a ratio in quotes'),
        (TIER.replace("0.02", "2"), r"\[0\]\.budget_spent_ratio: read '2'"),
        (TIER.replace("1h", "1 hour"), r"\[0\]\.long_window: read '1 hour'; accepted: a duration such as 6h"),
        (TIER + TIER.replace("fast", "7"), r"\[1\]\.name: read 7; accepted: text"),
    ],
    ids=["an unknown key", "a ratio as a double", "more than the budget", "no duration", "a name that is a number"],
)  # fmt: skip
def test_a_tier_that_is_not_right_is_refused_by_its_key(text, problem):
    with pytest.raises(ValueError, match=problem):
        read_tiers(text)
