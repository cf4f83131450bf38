"""Counts with everything that follows from them: ratio, interval, verdict, budget and burn rate.

Belongs here: the columns of the status that follow from counts, on a frame, null where they are undefined.
Does not belong here: the arithmetic (`assets/slo/error_budget.py`), the statistics
(`assets/slo/intervals.py`), the counting (`assets/slo/sql/`).
"""

import numpy as np
import polars as pl

from assets.slo import error_budget, intervals


def with_evidence(counts: pl.DataFrame) -> pl.DataFrame:
    """The same rows with what the counts say about the target.

    `counts`: any columns, among them Int64 `good` and `bad`, Float64 `target` (0 <= target < 1) and
    `confidence` (between 0 and 1), all without nulls. Adds Int64 `total`; Float64 `sli`, `sli_low`,
    `sli_high` (Wilson); String `verdict` (`met`, `missed`, `undecided`, `no_data`); Float64 `detectable_sli`, Int64
    `upgrades_needed`; Float64 `budget_allowed`, `budget_spent`, `budget_remaining`, `burn_rate`. Null, never NaN, where
    there is nothing to divide by, or nothing that would do.

    Raises:
        ValueError: if one of the four columns has nulls.
    """
    inputs = ("good", "bad", "target", "confidence")
    if missing := [name for name in inputs if counts[name].null_count()]:
        raise ValueError(f"nulls in {', '.join(missing)}; accepted: a number in every row of {', '.join(inputs)}")
    good, bad, target, confidence = (counts[name].to_numpy() for name in inputs)
    total = good + bad
    low, high = intervals.wilson(good, total, confidence)
    return counts.with_columns(
        pl.Series("total", total, dtype=pl.Int64),
        _ratios("sli", error_budget.sli(good=good, bad=bad)),
        _ratios("sli_low", low),
        _ratios("sli_high", high),
        pl.Series("verdict", intervals.verdict(good, bad, target, confidence), dtype=pl.String),
        _ratios("detectable_sli", intervals.detectable_sli(total, target, confidence)),
        _ratios("upgrades_needed", intervals.upgrades_needed(good, bad, target, confidence)).cast(pl.Int64),
        _ratios("budget_allowed", error_budget.budget_allowed(good=good, bad=bad, target=target)),
        _ratios("budget_spent", error_budget.budget_spent(bad=bad)),
        _ratios("budget_remaining", error_budget.budget_remaining(good=good, bad=bad, target=target)),
        _ratios("burn_rate", error_budget.burn_rate(good=good, bad=bad, target=target)),
    )


def _ratios(name: str, values: np.ndarray) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
