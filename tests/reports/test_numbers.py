"""The notation of every kind of quantity, and its promises."""

from datetime import date, datetime

import pytest

from assets.reports import numbers

N = "\u202f"


@pytest.mark.parametrize(
    ("ratio", "decimals", "expected"),
    [
        pytest.param(0.9888, 2, f"98.88{N}%", id="a narrow no-break space stands before the sign"),
        pytest.param(0.99996, 2, f"99.99{N}%", id="nothing short of all is rounded up to 100 %"),
        pytest.param(0.9999999, 0, f"99{N}%", id="not even without decimals"),
        pytest.param(1.0, 2, f"100.00{N}%", id="all of them is 100 %"),
        pytest.param(0.0, 2, f"0.00{N}%", id="none of them is 0 %"),
        pytest.param(0.00001, 2, f"<0.01{N}%", id="a few of them is not 0 %"),
        pytest.param(0.98875, 2, f"98.88{N}%", id="a half rounds away from zero"),
        pytest.param(1.2246, 0, f"122{N}%", id="a spent budget may exceed 100 %"),
        pytest.param(375.0, 0, f"37,500{N}%", id="by any amount"),
        pytest.param(-1.0, 0, f"−100{N}%", id="minus is a minus sign"),
    ],
)
def test_percentages_never_claim_more_than_the_ratio(ratio, decimals, expected):
    assert numbers.percent(ratio, decimals) == expected


@pytest.mark.parametrize(
    ("ratio", "target", "decimals", "expected"),
    [
        pytest.param(0.989996, 0.99, 2, f"98.9996{N}%", id="just below the target shows that it is below"),
        pytest.param(0.98, 0.99, 2, f"98.00{N}%", id="far from the target keeps its decimals"),
        pytest.param(0.990004, 0.99, 2, f"99.00{N}%", id="at or above may look equal"),
    ],
)
def test_a_ratio_beside_its_target_shows_on_which_side_it_is(ratio, target, decimals, expected):
    assert numbers.percent_against(ratio, target, decimals) == expected


@pytest.mark.parametrize(
    ("target", "is_duration", "expected"),
    [(0.95, False, 1), (0.95, True, 2), (0.97, False, 2), (0.99, False, 2), (0.999, False, 3), (0.9995, False, 3)],
)
def test_decimals_follow_the_target(target, is_duration, expected):
    assert numbers.percent_decimals(target, is_duration=is_duration) == expected


@pytest.mark.parametrize(
    ("target", "plain", "aligned", "budget"),
    [
        (0.99, f"99{N}%", f"99.0{N}%", f"1{N}%"),
        (0.9995, f"99.95{N}%", f"99.95{N}%", f"0.05{N}%"),
        (0.5, f"50{N}%", f"50.0{N}%", f"50{N}%"),
        (0.0, f"0{N}%", f"0.0{N}%", f"100{N}%"),
    ],
)
def test_targets_and_budgets_are_never_rounded(target, plain, aligned, budget):
    assert numbers.target_percent(target) == plain
    assert numbers.target_percent(target, fewest_decimals=1) == aligned
    assert numbers.budget_percent(target) == budget


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"),
        (0, f"0{N}s"),
        (45, f"45{N}s"),
        (59.6, f"1{N}min"),
        (270, f"4.5{N}min"),
        (600, f"10{N}min"),
        (3600, f"60{N}min"),
        (7169, f"119{N}min"),
        (7170, f"2{N}h"),
        (42_120, f"11{N}h 42{N}min"),
        (345_600, f"96{N}h"),
    ],
)
def test_durations_use_the_unit_a_reader_would_say(seconds, expected):
    assert numbers.duration(seconds) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.0, "0.0×"),
        (0.04, "0.0×"),
        (0.96, "0.96×"),
        (1.0, "1.0×"),
        (1.004, "1.01×"),
        (0.998, "0.99×"),
        (1.14, "1.1×"),
        (9.94, "9.9×"),
        (9.96, "10×"),
        (134.4, "134×"),
    ],
)
def test_multiples_show_on_which_side_of_one_they_are(ratio, expected):
    assert numbers.times(ratio) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (1325, "1,325"), (117_885.0, "117,885"), (-12, "−12"), (0.5, "1"), (2.5, "3"), (-0.2, "0")]
)
def test_counts_have_commas_and_a_true_minus(value, expected):
    assert numbers.count(value) == expected


@pytest.mark.parametrize(
    ("difference", "expected"), [(0.0819, f"+8.19{N}pp"), (-0.0015, f"−0.15{N}pp"), (0.00001, f"±0.00{N}pp")]
)
def test_differences_of_rates_are_signed_points(difference, expected):
    assert numbers.points(difference) == expected


def test_dates_are_english_and_name_the_zone():
    assert numbers.day(date(2025, 2, 3)) == "3 Feb 2025"
    assert numbers.day(date(2025, 2, 3), year=False) == "3 Feb"
    assert numbers.long_day(date(2025, 2, 12)) == "Wednesday 12 February 2025"
    assert numbers.moment(datetime.fromisoformat("2025-02-13T02:10:59")) == "13 Feb 2025, 02:10 UTC"


def test_intervals_repeat_the_sign_on_both_ends():
    assert numbers.interval(0.98812, 0.98934, 2) == f"98.81{N}% – 98.93{N}%"


@pytest.mark.parametrize(("number", "expected"), [(1, "1 slice"), (0, "0 slices"), (1024, "1,024 slices")])
def test_nouns_agree_with_their_counts(number, expected):
    assert numbers.plural(number, "slice") == expected
