"""What counts allow to say about a ratio: intervals, bounds, the verdict, and how much more would tell.

Belongs here: the binomial statistics of one look at one pair of counts, as functions of arrays.
Does not belong here: budgets (`assets/slo/error_budget.py`), frames (`assets/slo/evidence.py`), statistics of
many slices or of daily looks (`assets/health/`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike  # a number or an array; several are broadcast against each other

MET, MISSED, UNDECIDED, NO_DATA = "met", "missed", "undecided", "no_data"
VERDICTS = (MET, MISSED, UNDECIDED, NO_DATA)

_SAME = 1e-12  # relative difference of probabilities below which they count as equal
_MOST_OPERATIONS = 2**62  # where the searches below give up


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
    from scipy.special import betainc, betaincc

    g, k, goal, level = _floats(good, bad, target, confidence)
    alpha = _alpha(level)
    # P(at most k bad | ratio = target) and P(at least k bad | ratio = target); the ends are explicit.
    few_bad = np.where(g > 0, betainc(np.where(g > 0, g, 1), k + 1, goal), 1.0)
    many_bad = np.where(k > 0, betaincc(g + 1, np.where(k > 0, k, 1), goal), 1.0)
    # A bound exactly at the target is met and is not missed; the floats of both sides agree to about 1e-15.
    is_met = (few_bad <= alpha * (1 + _SAME)) | (goal == 0)
    is_missed = many_bad < alpha * (1 - _SAME)
    return np.select([g + k == 0, is_met, is_missed], [NO_DATA, MET, MISSED], default=UNDECIDED)


def clean_operations_needed(*, good: int, bad: int, target: float, confidence: float) -> int:
    """How many further operations, all of them good, would make the verdict `met`; 0 when it is."""

    def is_met(more: int) -> bool:
        return verdict(good + more, bad, target, confidence).item() == MET

    return _smallest(is_met)


def visible_failure_ratio(*, total: int, target: float, confidence: float, power: float = 0.8) -> float | None:
    """The failure ratio that so many operations would show as `missed` with probability `power`.

    A ratio below it could have gone unseen. None when no count of failures among `total` gives `missed`.
    """
    from scipy.optimize import brentq
    from scipy.special import betainc

    alpha = float(_alpha(np.asarray(confidence)))
    if total == 0 or betainc(total, 1, 1 - target) > alpha:
        return None
    enough = _smallest(lambda bad: bad > 0 and betainc(bad, total - bad + 1, 1 - target) <= alpha)
    return float(brentq(lambda ratio: betainc(enough, total - enough + 1, ratio) - power, 0, 1, xtol=1e-12))


def _smallest(holds: Any) -> int:
    """The smallest whole number from 0 for which `holds`, which stays true once it is."""
    if holds(0):
        return 0
    above = 1
    while not holds(above):
        above *= 2
        if above > _MOST_OPERATIONS:
            raise ValueError(f"no number up to {_MOST_OPERATIONS} is enough; accepted: a target below 1")
    below = above // 2
    while above - below > 1:
        middle = (above + below) // 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def _alpha(confidence: Floats) -> Floats:
    """1 - confidence as one would write it: 0.05 for 0.95, not 0.050000000000000044."""
    return np.round(1 - confidence, 15)


def _floats(*values: Numbers) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))
