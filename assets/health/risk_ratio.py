"""How many times as often one group fails as another: the risk ratio, with an interval also where one of them never failed.

Belongs here: the statistics of pairs of failure rates, as functions of arrays of counts.
Does not belong here: which of many pairs are findings (`screening.py`), which groups are compared (`api_use.py`) and wording
(`assets/reports/`).
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_WIDEST = 60.0  # of the logarithm of a ratio: further apart than any two rates that counts can have
_HALVINGS = 70


def risk_ratios(
    bad: npt.ArrayLike, total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike, *, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """The ratio of the two failure rates and both ends of its score interval: every ratio that a score test does not refuse.

    It needs no correction for a rate of zero. Where the group has no failure, the ratio and the low end are 0; where the rest has
    none, the ratio and the high end are infinite. NaN throughout where nothing failed, or one of the two is empty.

    Source: Koopman, "Confidence intervals for the ratio of two binomial proportions" (1984).
    """
    x1, n1, x0, n0 = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (bad, total, rest_bad, rest_total)))
    is_comparable = (n1 > 0) & (n0 > 0) & (x1 + x0 > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(is_comparable, (x1 / n1) / (x0 / n0), np.nan)
        # The search begins at what was seen, which no test refuses; with half a failure more where that is 0 or infinite.
        half = np.where((x1 > 0) & (x0 > 0), 0.0, 0.5)
        seen = np.log((x1 + half) / (n1 + half)) - np.log((x0 + half) / (n0 + half))
    refused_above = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2

    def end(outwards: float) -> Floats:
        inside, outside = seen, seen + outwards * _WIDEST
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            is_refused = distance(x1, n1, x0, n0, np.exp(middle)) > refused_above
            inside, outside = np.where(is_refused, inside, middle), np.where(is_refused, middle, outside)
        return np.exp(inside)

    low, high = np.where(x1 > 0, end(-1), 0.0), np.where(x0 > 0, end(1), np.inf)
    return ratio, np.where(is_comparable, low, np.nan), np.where(is_comparable, high, np.nan)


def distance(
    bad: npt.ArrayLike, total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike, ratio: npt.ArrayLike
) -> Floats:
    """How far counts are from a risk ratio: the score statistic, a chi-square of one degree of freedom when the ratio holds.

    It is measured at the most likely two rates that stand in this ratio, which solve a quadratic equation.
    """
    x1, n1, x0, n0, theta = (np.asarray(each, np.float64) for each in (bad, total, rest_bad, rest_total, ratio))
    half = (theta * (n1 + x0) + x1 + n0) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        # The smaller root of theta·(n1 + n0)·p² − 2·half·p + (x1 + x0) = 0, written so that nothing cancels.
        rest_rate = (x1 + x0) / (half + np.sqrt(np.maximum(half**2 - theta * (n1 + n0) * (x1 + x0), 0.0)))
        return _squared(x1, n1, theta * rest_rate) + _squared(x0, n0, rest_rate)


def _squared(bad: Floats, total: Floats, rate: Floats) -> Floats:
    """The squared distance of a count from what a rate expects, in the count's variance; 0 where both are certain."""
    off, variance = bad - total * rate, total * rate * np.maximum(1 - rate, 0.0)
    return np.where(np.abs(off) <= 1e-12 * np.maximum(total, 1), 0.0, off**2 / variance)
