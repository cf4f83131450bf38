"""Why a ratio changed between two windows: slices that did better or worse, or other operations in the mix.

Belongs here: Kitagawa's decomposition of the difference of two ratios, on counts of the same slices.
Does not belong here: which windows and slices are compared, and wording. That goes to `assets/reports/changes.py`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Change:
    """A ratio `before` and `after`, and what the difference is made of: the four parts add up to it.

    - `rate`: slices that are in both did better or worse.
    - `mix`: operations moved between slices that do better or worse than the others.
    - `entered`, `left`: slices that are in one of the two only.
    """

    before: float
    after: float
    rate: float
    mix: float
    entered: float
    left: float

    @property
    def parts(self) -> dict[str, float]:
        """The four parts by name, in the order in which they are told."""
        return {name: getattr(self, name) for name in ("rate", "mix", "entered", "left")}


def change_of(
    *, good_before: npt.ArrayLike, total_before: npt.ArrayLike, good: npt.ArrayLike, total: npt.ArrayLike
) -> Change | None:
    """The decomposition over slices that do not overlap; None when one of the two sides is empty.

    One entry per slice in all four arrays; a slice that one side does not have has a `total` of 0 there. The parts depend on the
    slicing, and those of overlapping slicings do not add up.

    Source: Kitagawa, "Components of a difference between two rates" (1955).
    """
    g0, n0, g1, n1 = (np.asarray(each, dtype=np.float64) for each in (good_before, total_before, good, total))
    if not n0.sum() or not n1.sum():
        return None
    before, after = g0.sum() / n0.sum(), g1.sum() / n1.sum()
    middle = (before + after) / 2
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    r0, r1 = (np.divide(g, n, out=np.full_like(n, middle), where=n > 0) for g, n in ((g0, n0), (g1, n1)))
    both, is_new, is_gone = (n0 > 0) & (n1 > 0), n0 == 0, n1 == 0
    return Change(
        before=float(before),
        after=float(after),
        rate=float(((w1 + w0) / 2 * (r1 - r0))[both].sum()),
        mix=float(((w1 - w0) * ((r1 + r0) / 2 - middle))[both].sum()),
        entered=float((w1 * (r1 - middle))[is_new].sum()),
        left=float(-(w0 * (r0 - middle))[is_gone].sum()),
    )
