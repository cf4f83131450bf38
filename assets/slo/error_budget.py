"""Error-budget arithmetic on counts.

Belongs here: pure functions from counts and a target to budgets and burn rates, on numbers and arrays alike.
Does not belong here: whether the target is met (`assets/slo/intervals.py`), frames
(`assets/slo/evidence.py`), wording for readers (`assets/reports/`).
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike  # a number or an array; several are broadcast against each other

# Nothing here is rounded: a burn rate of 2.7989822 is below a threshold of 2.8 and must not become it.


def sli(*, good: Numbers, bad: Numbers) -> Floats:
    """The share of good operations among the decided ones, in 0..1; NaN when none is decided."""
    good, bad = np.asarray(good), np.asarray(bad)
    return _divided(good, good + bad)


def budget_allowed(*, good: Numbers, bad: Numbers, target: Numbers) -> Floats:
    """How many operations may be bad, of so many decided ones; not a whole number."""
    return np.asarray((1 - np.asarray(target)) * (np.asarray(good) + np.asarray(bad)))


def budget_spent(*, bad: Numbers) -> Floats:
    """How many operations were bad, in the unit of `budget_allowed`."""
    return np.asarray(bad, dtype=np.float64)


def budget_remaining(*, good: Numbers, bad: Numbers, target: Numbers) -> Floats:
    """The share of the budget that is left: 1 untouched, below 0 overspent; NaN when nothing is allowed."""
    return 1 - _divided(budget_spent(bad=bad), budget_allowed(good=good, bad=bad, target=target))


def burn_rate(*, good: Numbers, bad: Numbers, target: Numbers) -> Floats:
    """How many times faster than allowed the budget is spent: 1 spends exactly all of it.

    NaN when no operation is decided.

    Source: The Site Reliability Workbook (2018), chapter "Alerting on SLOs".
    """
    good, bad = np.asarray(good), np.asarray(bad)
    return _divided(_divided(bad, good + bad), 1 - np.asarray(target))


def _divided(dividend: npt.ArrayLike, divisor: npt.ArrayLike) -> Floats:
    """The quotient, NaN where the divisor is 0 (never infinite)."""
    above, below = np.broadcast_arrays(np.asarray(dividend, np.float64), np.asarray(divisor, np.float64))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
