"""Budgets and burn rates by hand, and the frame that puts them beside intervals and verdicts."""

import math
import time

import numpy as np
import polars as pl
import pytest

from assets.slo.error_budget import budget_allowed, budget_remaining, budget_spent, burn_rate, sli
from assets.slo.evidence import with_evidence


@pytest.mark.parametrize(
    ("good", "bad", "target", "expected"),
    [
        # expected: ratio, allowed, remaining, burn rate
        pytest.param(9_963, 37, 0.995, (0.9963, 50, 0.26, 0.74), id="37 of the 50 failures allowed are spent"),
        pytest.param(199, 1, 0.995, (0.995, 1, 0, 1), id="failing exactly at the target spends exactly the budget"),
        pytest.param(400, 0, 0.99, (1, 4, 1, 0), id="no failure leaves the budget untouched"),
        pytest.param(97, 3, 0.99, (0.97, 1, -2, 3), id="an overspent budget is negative, not zero"),
        pytest.param(0, 8, 0.5, (0, 4, -1, 2), id="only failures burn at the highest rate, 1 / (1 - target)"),
        pytest.param(1, 3, 0.0, (0.25, 4, 0.25, 0.75), id="a target of zero allows every failure"),
        pytest.param(0, 0, 0.99, (math.nan, 0, math.nan, math.nan), id="nothing decided is no ratio and no rate"),
    ],
)
def test_the_budget_follows_from_counts_and_target(good, bad, target, expected):
    computed = (
        sli(good=good, bad=bad).item(),
        budget_allowed(good=good, bad=bad, target=target).item(),
        budget_remaining(good=good, bad=bad, target=target).item(),
        burn_rate(good=good, bad=bad, target=target).item(),
    )
    assert computed == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert budget_spent(bad=bad).item() == bad


def test_a_burn_rate_is_never_rounded_up_to_a_threshold():
    rate = burn_rate(good=3_930 - 55, bad=55, target=0.995).item()
    assert rate == pytest.approx(2.7989822, abs=5e-8)
    assert rate < 2.8


def test_the_functions_take_arrays_of_numbers():
    remaining = budget_remaining(good=np.array([99, 0]), bad=np.array([1, 0]), target=np.array([0.98, 0.98]))
    assert remaining.tolist() == pytest.approx([0.5, math.nan], nan_ok=True)


def counts(*rows, target=0.995, confidence=0.95):
    schema = {"slo": pl.String, "good": pl.Int64, "bad": pl.Int64}
    return pl.DataFrame([("a", *row) for row in rows], schema=schema, orient="row").with_columns(
        pl.lit(target, pl.Float64).alias("target"), pl.lit(confidence, pl.Float64).alias("confidence")
    )


ADDED = {
    "total": pl.Int64,
    "sli": pl.Float64,
    "sli_low": pl.Float64,
    "sli_high": pl.Float64,
    "verdict": pl.String,
    "detectable_sli": pl.Float64,
    "upgrades_needed": pl.Int64,
    "budget_allowed": pl.Float64,
    "budget_spent": pl.Float64,
    "budget_remaining": pl.Float64,
    "burn_rate": pl.Float64,
}


def test_evidence_is_added_beside_the_counts():
    [row] = with_evidence(counts((995, 5))).to_dicts()
    assert row == {
        "slo": "a",
        "good": 995,
        "bad": 5,
        "target": 0.995,
        "confidence": 0.95,
        "total": 1000,
        "sli": 0.995,
        "sli_low": pytest.approx(0.98834904, abs=5e-9),
        "sli_high": pytest.approx(0.99786246, abs=5e-9),
        "verdict": "undecided",
        "detectable_sli": pytest.approx(1 - 0.012496713, abs=5e-9),
        "upgrades_needed": 2100 - 1000,
        "budget_allowed": pytest.approx(5),
        "budget_spent": 5.0,
        "budget_remaining": pytest.approx(0, abs=1e-12),
        "burn_rate": pytest.approx(1),
    }


def test_a_slice_without_decided_operations_has_nulls_and_no_data():
    [row] = with_evidence(counts((0, 0))).to_dicts()
    assert [name for name in ADDED if row[name] is None] == [
        "sli", "sli_low", "sli_high", "detectable_sli", "budget_remaining", "burn_rate",
    ]  # fmt: skip
    assert (row["total"], row["verdict"], row["budget_allowed"], row["budget_spent"]) == (0, "no_data", 0.0, 0.0)
    assert row["upgrades_needed"] == 598


@pytest.mark.parametrize("rows", [[], [(0, 0)], [(0, 0), (5, 0), (0, 5)]], ids=["no row", "no data", "both ends"])
def test_evidence_has_the_types_of_the_contract_and_no_nan(rows):
    frame = counts(*rows)
    evidence = with_evidence(frame)
    assert dict(evidence.schema) == {**frame.schema, **ADDED}
    assert evidence.select(pl.col(pl.Float64).is_nan().any()).row(0) in [(False,) * 10, (None,) * 10]
    assert evidence.height == len(rows)


def test_each_row_is_judged_by_its_own_target_and_confidence():
    frame = pl.concat([counts((59, 0), target=0.95), counts((59, 0), target=0.99), counts((59, 0), target=0.95, confidence=0.99)])
    assert with_evidence(frame)["verdict"].to_list() == ["met", "undecided", "undecided"]


def test_missing_counts_are_refused_with_the_column():
    frame = counts((1, 1)).with_columns(pl.lit(None, pl.Int64).alias("bad"))
    with pytest.raises(ValueError, match="nulls in bad; accepted: a number in every row of good, bad, target"):
        with_evidence(frame)


def test_fifty_thousand_slices_take_far_less_than_two_seconds():
    numbers = np.random.default_rng(1)
    size = 50_000
    frame = pl.DataFrame(
        {
            "good": numbers.integers(0, 100_000, size),
            "bad": numbers.integers(0, 500, size),
            "target": np.full(size, 0.995),
            "confidence": np.full(size, 0.95),
        }
    )
    before = time.process_time()
    evidence = with_evidence(frame)
    assert time.process_time() - before < 2  # measured: 0.6 s, and 0.4 s more with the import of SciPy
    assert evidence.height == size
