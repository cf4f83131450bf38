"""The decomposition of a change against worked numbers, and its one promise: the parts add up."""

import numpy as np
import pytest

from assets.health.change import change_of


def of(before: list[tuple[int, int]], after: list[tuple[int, int]]):
    """The change from (total, good) per slice to (total, good) of the same slices."""
    (n0, g0), (n1, g1) = (zip(*side, strict=True) for side in (before, after))
    return change_of(good_before=list(g0), total_before=list(n0), good=list(g1), total=list(n1))


def test_a_change_has_the_published_parts():
    # Slices a, b, c, d: c is gone on the second day, d is new on it.
    found = of([(1000, 990), (500, 450), (100, 99), (0, 0)], [(400, 396), (900, 810), (0, 0), (50, 45)])
    assert (found.before, found.after) == pytest.approx((0.961875, 0.92666667), abs=5e-9)
    assert found.after - found.before == pytest.approx(-0.035208333, abs=5e-10)
    assert found.rate == pytest.approx(0, abs=1e-12)
    assert found.mix == pytest.approx(-0.030710600, abs=5e-10)
    assert found.entered == pytest.approx(-0.0016396605, abs=5e-11)
    assert found.left == pytest.approx(-0.0028580729, abs=5e-11)
    assert sum(found.parts.values()) == pytest.approx(found.after - found.before, abs=1e-12)


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        pytest.param([(10, 9), (10, 5)], [(10, 8), (10, 4)], "rate", id="the same mix doing worse is all rate"),
        pytest.param([(10, 10), (10, 5)], [(4, 4), (16, 8)], "mix", id="the same ratios in another mix is all mix"),
    ],
)
def test_a_change_of_one_kind_has_one_part(before, after, part):
    found = of(before, after)
    parts = found.parts
    assert parts.pop(part) == pytest.approx(found.after - found.before, abs=1e-15)
    assert parts == pytest.approx(dict.fromkeys(parts, 0.0), abs=1e-15)


def test_nothing_in_common_is_entered_and_left_alone():
    # 0.9 became 0.5; around their middle of 0.7, half of the change is what left and half is what came.
    found = of([(10, 9), (0, 0)], [(0, 0), (10, 5)])
    assert (found.rate, found.mix) == (0, 0)
    assert (found.entered, found.left) == pytest.approx((-0.2, -0.2))


@pytest.mark.parametrize("side", [0, 1])
def test_without_operations_on_one_side_there_is_nothing_to_take_apart(side):
    sides = [[(10, 9)], [(10, 8)]]
    sides[side] = [(0, 0)]
    assert of(*sides) is None
    assert change_of(good_before=[], total_before=[], good=[], total=[]) is None


def test_the_parts_add_up_whatever_the_slicing():
    random = np.random.default_rng(9)
    for _ in range(1000):
        slices = random.integers(1, 200)
        totals = random.integers(0, 10 ** random.integers(1, 7), (2, slices)) * (random.random((2, slices)) < 0.7)
        totals[:, 0] += 1
        good = random.binomial(totals, random.random((2, slices)))
        found = change_of(good_before=good[0], total_before=totals[0], good=good[1], total=totals[1])
        assert abs(sum(found.parts.values()) - (found.after - found.before)) < 1e-12


def test_fifty_thousand_slices_are_taken_apart_at_once():
    totals = np.full(50_000, 7)
    found = change_of(good_before=totals - 1, total_before=totals, good=totals - 2, total=totals)
    assert found.rate == pytest.approx(-1 / 7)
