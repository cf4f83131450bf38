"""What counts allow to say about a ratio: intervals, bounds, the verdict, and how much more would tell.

Belongs here: the binomial statistics of one look at one pair of counts, as functions of arrays.
Does not belong here: budgets (`assets/slo/error_budget.py`), frames (`assets/slo/evidence.py`), statistics of
many slices or of daily looks (`assets/health/`).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike  # a number or an array; several are broadcast against each other

MET, MISSED, UNDECIDED, NO_DATA = "met", "missed", "undecided", "no_data"
VERDICTS = (MET, MISSED, UNDECIDED, NO_DATA)

POWER = 0.8  # the probability with which a miss that we call detectable would have been shown

_SAME = 1e-12  # relative difference of probabilities below which they count as equal; floats of both sides agree to about 1e-15
_EXACT_BELOW = 2.0**53  # whole numbers from there on are not all floats


def wilson(good: Numbers, total: Numbers, confidence: Numbers) -> tuple[Floats, Floats]:
    """The two-sided Wilson score interval of good / total, for drawing: low and high, NaN where total is 0.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    from scipy.special import ndtri

    g, n, level = _floats(good, total, confidence)
    z = ndtri(0.5 + level / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = g / n
        centre = ratio + z**2 / (2 * n)
        reach = z * np.sqrt(ratio * (1 - ratio) / n + z**2 / (4 * n**2))
        scale = 1 + z**2 / n
        low, high = (centre - reach) / scale, (centre + reach) / scale
    # At the ends the interval touches 0 or 1 exactly; floats would miss it by a hair.
    return np.where((g == 0) & (n > 0), 0.0, low), np.where((g == n) & (n > 0), 1.0, high)


def lower_bound(good: Numbers, total: Numbers, confidence: Numbers) -> Floats:
    """The one-sided Clopper-Pearson bound below which the true ratio is not; NaN where total is 0.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits" (1934).
    """
    from scipy.special import betaincinv

    g, n, level = _floats(good, total, confidence)
    inside = (g > 0) & (n > 0)  # betaincinv is NaN for a = 0
    bound = betaincinv(np.where(inside, g, 1), np.where(inside, n - g + 1, 1), _alpha(level))
    return np.where(n > 0, np.where(inside, bound, 0.0), np.nan)


def upper_bound(good: Numbers, total: Numbers, confidence: Numbers) -> Floats:
    """The one-sided Clopper-Pearson bound above which the true ratio is not; NaN where total is 0."""
    from scipy.special import betaincinv

    g, n, level = _floats(good, total, confidence)
    inside = (g < n) & (n > 0)  # betaincinv is NaN for b = 0
    bound = betaincinv(np.where(inside, g + 1, 1), np.where(inside, n - g, 1), level)
    return np.where(n > 0, np.where(inside, bound, 1.0), np.nan)


def verdict(good: Numbers, bad: Numbers, target: Numbers, confidence: Numbers) -> npt.NDArray[np.str_]:
    """Whether the true ratio reaches `target`, as far as the counts tell: one of `VERDICTS` per entry.

    `met`: the lower bound is at least the target. `missed`: the upper bound is below it. The bounds are not
    computed for that: the tail probabilities at the target decide the same and cost less.
    """
    g, k, goal, level = _floats(good, bad, target, confidence)
    is_met, is_missed = _is_met(g, k, goal, _alpha(level)), _is_missed(g, k, goal, _alpha(level))
    return np.select([g + k == 0, is_met, is_missed], [NO_DATA, MET, MISSED], default=UNDECIDED)


def detectable_sli(total: Numbers, target: Numbers, confidence: Numbers) -> Floats:
    """The true ratio that so many operations show as `missed` with probability `POWER`; NaN where no count of failures would.

    A ratio above it, although below the target, could have gone unseen.
    """
    from scipy.special import betaincinv

    n, goal, level = _floats(total, target, confidence)
    alpha, allowed = _alpha(level), (1 - goal) * n
    # Bernstein's inequality: so many failures above the allowed are rarer than alpha, and one more is rare enough.
    rarity = -np.log(alpha)
    most = np.minimum(n, np.ceil(allowed + rarity / 3 + np.sqrt(rarity**2 / 9 + 2 * rarity * allowed * goal)) + 1)
    can_miss = (n > 0) & _is_missed(n - most, most, goal, alpha)
    bad = _smallest(lambda bad: _is_missed(n - bad, bad, goal, alpha), above=np.where(can_miss, most, 1), below=0 * n)
    # P(at least `bad` failures | ratio) = POWER, solved for the ratio.
    ratio = betaincinv(np.where(can_miss, n - bad + 1, 1), bad, 1 - POWER)
    return np.where(can_miss, ratio, np.nan)


def upgrades_needed(good: Numbers, bad: Numbers, target: Numbers, confidence: Numbers) -> Floats:
    """How many further operations, all of them good, would make the verdict `met`; 0 where it is.

    Without operations: how many in all. NaN where the number is too large to be told to the unit.
    """
    g, k, goal, level = _floats(good, bad, target, confidence)
    alpha = _alpha(level)
    # Chernoff's bound: when so many failures are allowed, `bad` of them are rarer than alpha.
    rarity = -np.log(alpha)
    allowed = (np.sqrt(rarity / 2) + np.sqrt(rarity / 2 + k)) ** 2
    enough = np.maximum(np.ceil(allowed / (1 - goal) - g - k) + 1, 1)
    is_met = (g + k > 0) & _is_met(g, k, goal, alpha)
    more = _smallest(lambda more: _is_met(g + more, k, goal, alpha), below=0 * g, above=np.where(is_met, 0, enough))
    return np.where(enough < _EXACT_BELOW, more, np.nan)


def _smallest(holds: Callable[[Floats], npt.NDArray[np.bool_]], *, below: Floats, above: Floats) -> Floats:
    """Per entry the smallest whole number after `below`, up to `above`, for which `holds`, which stays true once it is.

    `above` itself is taken for one.
    """
    while np.any(is_open := (below < (middle := np.floor((below + above) / 2))) & (middle < above)):
        held = holds(middle)
        below, above = np.where(is_open & ~held, middle, below), np.where(is_open & held, middle, above)
    return above


def _is_met(good: Floats, bad: Floats, target: Floats, alpha: Floats) -> npt.NDArray[np.bool_]:
    """Whether so few failures are rare when the ratio is the target; a bound exactly at the target meets it."""
    from scipy.special import betainc

    few_bad = np.where(good > 0, betainc(np.where(good > 0, good, 1), bad + 1, target), 1.0)  # P(at most `bad`)
    return np.asarray((few_bad <= alpha * (1 + _SAME)) | (target == 0))


def _is_missed(good: Floats, bad: Floats, target: Floats, alpha: Floats) -> npt.NDArray[np.bool_]:
    """Whether so many failures are rare when the ratio is the target; a bound exactly at the target does not miss it."""
    from scipy.special import betainc

    # P(at least `bad`); by the complement, since betaincc takes five times as long.
    many_bad = np.where(bad > 0, 1 - betainc(good + 1, np.where(bad > 0, bad, 1), target), 1.0)
    return np.asarray(many_bad < alpha * (1 - _SAME))


def _alpha(confidence: Floats) -> Floats:
    """1 - confidence as one would write it: 0.05 for 0.95, not 0.050000000000000044."""
    return np.round(1 - confidence, 15)


def _floats(*values: Numbers) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))
