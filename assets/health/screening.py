"""Which of many slices fail more than the rest of the fleet: exact tests, and how many findings chance would give.

Belongs here: the statistics of one look at many slices at once, as functions of arrays of counts.
Does not belong here: which slices are looked at and wording (`assets/reports/screened.py`), one look at one pair of counts
(`assets/slo/intervals.py`).

In every function `bad` and `total` are a slice's, `rest_bad` and `rest_total` those of what it is compared with. The tests take
operations as independent: where failures come in bursts, more slices stand out than chance is said to give. So this ranks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FALSE_SHARE = 0.10  # of the findings, that chance may have given
_NOTHING = 1e-17  # of a sum, which a further term does not change
_SPREADS = 20  # as far from what was seen as a chance that matters reaches


@dataclass(frozen=True, slots=True)
class Screening:
    """One entry per slice in every array.

    - `p`: the chance of so many bad ones or more if the slice were like the rest; 1 where there is nothing to compare.
    - `smallest_p`: what it would be if as many as possible of all bad ones were the slice's.
    - `is_tested`: whether there is something to compare, and the outcome could have been a finding.
    - `adjusted_p`: the share of findings up to this one that chance is expected to give at most; 1 where it was not tested.
    """

    p: Floats
    smallest_p: Floats
    is_tested: npt.NDArray[np.bool_]
    adjusted_p: Floats

    @property
    def is_finding(self) -> npt.NDArray[np.bool_]:
        """Whether the slice is in the list of which at most `FALSE_SHARE` are expected to be there by chance."""
        return self.is_tested & (self.adjusted_p <= FALSE_SHARE)


def screen(bad: npt.ArrayLike, total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike) -> Screening:
    """Every slice against its rest, with the findings of the whole list adjusted for its length.

    Source: Benjamini and Hochberg, "Controlling the false discovery rate" (1995); Tarone, "A modified Bonferroni method for
    discrete data" (1990); Gilbert, "A modified false discovery rate multiple-comparisons procedure for discrete data" (2005).
    """
    k1, n1, k0, n0 = _integers(bad, total, rest_bad, rest_total)
    is_comparable = (k1 + k0 > 0) & (n1 > 0) & (n0 > 0)
    p, smallest = np.ones(k1.shape), np.ones(k1.shape)
    at = tuple(each[is_comparable] for each in (k1, n1, k0, n0))
    p[is_comparable] = tail(*at)
    smallest[is_comparable] = tail(np.minimum(at[0] + at[2], at[1]), at[1], np.maximum(at[0] + at[2] - at[1], 0), at[3])
    is_tested = is_comparable.copy()
    is_tested[is_comparable] = smallest[is_comparable] <= reachable_below(smallest[is_comparable], FALSE_SHARE)
    adjusted = np.ones(k1.shape)
    adjusted[is_tested] = adjust(p[is_tested])
    return Screening(p, smallest, is_tested, adjusted)


def tail(bad: npt.ArrayLike, total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike) -> Floats:
    """The chance of at least `bad` in the slice, given how many there are in all: Fisher's exact test, one-sided.

    (SciPy's takes 100 µs per entry for tables of up to 100,000: seconds for a fleet's slices.)
    """
    k1, n1, k0, n0 = _integers(bad, total, rest_bad, rest_total)
    every, good = k1 + k0, n1 + n0 - k1 - k0
    # Summed away from the middle, where the terms fall: at most the expected number is 1 less the chance of fewer, which is
    # that of more good ones than the slice has.
    is_more = k1 * (n1 + n0) > n1 * every
    summed = _upper_tail(np.where(is_more, k1, n1 - k1 + 1), n1, np.where(is_more, every, good), np.where(is_more, good, every))
    return np.where(is_more, summed, 1 - summed)


def _upper_tail(least: Integers, drawn: Integers, marked: Integers, others: Integers) -> Floats:
    """The chance of at least so many marked ones among those that are drawn; `least` is more than to be expected."""
    from scipy.special import betaln

    def log_choices(of: Floats, taken: Floats) -> Floats:
        return np.asarray(-np.log1p(of) - betaln(of - taken + 1, taken + 1))

    sums = np.zeros(least.shape)
    left = np.flatnonzero(least <= np.minimum(drawn, marked))
    x, n, k, rest = (each.ravel()[left].astype(np.float64) for each in (least, drawn, marked, others))
    first = np.exp(log_choices(k, x) + log_choices(rest, n - x) - log_choices(k + rest, n))
    under_way = np.stack([x, n, k, rest, first, np.ones(left.size), np.ones(left.size)])
    while left.size:
        x, n, k, rest, first, terms, total = under_way  # views, changed in place
        terms *= (n - x) * (k - x) / ((x + 1) * (rest - n + x + 1))
        total += terms
        x += 1
        is_summed = terms < _NOTHING * total
        sums.ravel()[left[is_summed]] = (first * total)[is_summed]
        left, under_way = left[~is_summed], under_way[:, ~is_summed]
    return np.minimum(sums, 1.0)


def reachable_below(smallest_p: npt.ArrayLike, level: float) -> float:
    """Tarone's cut: slices whose smallest p is above it cannot be findings at `level`, and are not to be counted as tested.

    It is level / j for the smallest j with at most j slices that reach it. The margins alone decide, so that the p-values of
    those that are kept stay valid.
    """
    ordered = np.sort(np.asarray(smallest_p, dtype=np.float64))
    cuts = level / np.arange(1, max(ordered.size, 1) + 1)
    reaching = np.searchsorted(ordered, cuts, side="right")
    return float(cuts[np.argmax(reaching <= np.arange(1, cuts.size + 1))])


def adjust(p: npt.ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p-values: the smallest false share at which each is a finding."""
    from scipy.stats import false_discovery_control

    values = np.asarray(p, dtype=np.float64)
    return np.asarray(false_discovery_control(values, method="bh")) if values.size else values


def odds_ratios(
    bad: npt.ArrayLike, total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike, *, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """The conditional odds ratio of failing and the two ends of its exact interval; infinite without a bad one in the rest.

    For findings only: it takes as many numbers per entry as the slice could have had bad ones, within reach of what it has.
    (SciPy's takes minutes for a table of millions.) Source: Cornfield, "A statistical problem arising from retrospective
    studies" (1956).
    """
    from scipy.special import gammaln

    k1, n1, k0, n0 = _integers(bad, total, rest_bad, rest_total)
    every = k1 + k0
    cells = np.stack([k1, n1 - k1, k0, n0 - k0]) + 0.5
    error = np.sqrt((1 / cells).sum(axis=0))  # of the logarithm; in operations, the spread is its inverse
    reach = np.ceil(_SPREADS / error).astype(np.int64) + 50
    middle = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    lowest, highest = np.maximum(every - n0, 0), np.minimum(every, n1)
    first, last = np.maximum(lowest, k1 - reach), np.minimum(highest, k1 + reach)
    steps = first[:, None] + np.arange(np.max(last - first, initial=0) + 1)
    x = np.minimum(steps, last[:, None])
    in_cells = (x, n1[:, None] - x, every[:, None] - x, (n0 - every)[:, None] + x)
    weights = np.where(steps <= last[:, None], -sum(gammaln(each + 1.0) for each in in_cells), -np.inf)

    def where_reached(asked: Any, goal: npt.ArrayLike) -> Floats:
        """The odds ratio at which what is asked of the distribution, and grows with it, reaches a goal; by halving."""
        low, high = middle - _SPREADS * error, middle + _SPREADS * error
        for _ in range(60):
            log_ratio = (low + high) / 2
            logs = weights + x * log_ratio[:, None]
            chance = np.exp(logs - logs.max(axis=1, keepdims=True))
            is_above = asked(chance / chance.sum(axis=1, keepdims=True)) > goal
            low, high = np.where(is_above, low, log_ratio), np.where(is_above, log_ratio, high)
        return np.exp((low + high) / 2)

    beyond = (1 - confidence) / 2
    is_least, is_most = k1 == lowest, k1 == highest
    ratio = where_reached(lambda chance: (chance * x).sum(axis=1), k1)
    low = where_reached(lambda chance: (chance * (x >= k1[:, None])).sum(axis=1), beyond)
    high = where_reached(lambda chance: 1 - (chance * (x <= k1[:, None])).sum(axis=1), 1 - beyond)
    return (
        np.select([is_most, is_least], [np.inf, 0.0], ratio),
        np.where(is_least, 0.0, low),
        np.where(is_most, np.inf, high),
    )


def visible_bad_ratio(
    total: npt.ArrayLike, rest_bad: npt.ArrayLike, rest_total: npt.ArrayLike, *, tested: int, power: float = 0.8
) -> Floats:
    """The ratio of bad ones in a slice that would have made it a finding, alone among `tested`, with probability `power`.

    A smaller ratio could have gone unseen. NaN where no count of bad ones would have been enough, or there is no rest.
    """
    from scipy.special import betaincinv

    n1, k0, n0 = _integers(total, rest_bad, rest_total)
    cut = FALSE_SHARE / max(tested, 1)
    is_enough = (n0 > 0) & (n1 > 0) & (tail(n1, n1, k0, n0) <= cut)
    below, enough = np.zeros_like(n1), n1.copy()  # too few, and enough; halved until they are neighbours
    while np.any(enough - below > 1):
        middle = (below + enough) // 2
        holds = tail(middle, n1, k0, n0) <= cut
        below, enough = np.where(holds, below, middle), np.where(holds, middle, enough)
    ratio = betaincinv(np.maximum(enough, 1), np.maximum(n1 - enough + 1, 1), power)
    return np.where(is_enough, ratio, np.nan)


def _integers(*values: npt.ArrayLike) -> tuple[Integers, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.int64) for value in values)))
