"""Quantiles: every slice and window against DuckDB's own `quantile_disc`, and the few values that a hand can check."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.slo.quantiles import quantiles_of_slices

SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
VALUES = {
    "region": pl.Series(["east", "unknown", "west"]),
    "version": pl.Series(["1.30", "1.31", "1.32", "unknown"]),
    "scope": pl.Series(["control_plane", "node_pool"]),
}
SUBSETS = [each for size in range(4) for each in combinations(VALUES, size)]
WINDOWS = {"4w": 28, "1d": 1, "3d": 3, "28d": 28}


def made(rows: Sequence[tuple[int, int, int, int, float]]) -> pl.DataFrame:
    """Operations from (age in days, number of the region, of the version, of the scope, seconds)."""
    schema = {"age_days": pl.UInt16, "region": pl.UInt8, "version": pl.UInt8, "scope": pl.UInt8, "seconds": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def quantiles(operations: pl.DataFrame, **changes: Any) -> pl.DataFrame:
    return quantiles_of_slices(
        operations, **({"values": VALUES, "slices": SUBSETS, "windows": WINDOWS, "shares": SHARES} | changes)
    )


def by_slice(frame: pl.DataFrame) -> dict[tuple[Any, ...], tuple[float, ...]]:
    keys = frame.select("window", "slice_by", *VALUES).rows()
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, frame.select(*SHARES).rows(), strict=True))


def expected_by_slice(operations: pl.DataFrame) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """One plain query for every window and slice."""
    named = operations.with_columns(values.gather(operations[name]).alias(name) for name, values in VALUES.items())
    found = {}
    with duckdb.connect() as db:
        db.register("operations", named.to_arrow())
        for window, days in WINDOWS.items():
            for each in SUBSETS:
                columns = ", ".join(name if name in each else f"NULL::VARCHAR AS {name}" for name in VALUES)
                rows = db.execute(
                    f"SELECT {columns}, quantile_disc(seconds, $shares::DOUBLE[]) FROM operations "
                    "WHERE age_days < $days GROUP BY ALL",
                    {"shares": list(SHARES.values()), "days": days},
                ).fetchall()
                found |= {(window, ",".join(each), *place): tuple(seconds) for *place, seconds in rows if seconds}
    return found


# From a millisecond to thirty thousand years, none at all, and a few that tie.
durations = st.one_of(st.floats(1e-3, 1e12), st.sampled_from([0.0, 1e-6, 600.0, 600.000001, 86_400.0]))
operations_ = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 3), st.integers(0, 1), durations), max_size=150
).map(made)


@settings(max_examples=60, deadline=None)
@given(operations_)
def test_every_slice_and_window_has_the_quantiles_that_a_plain_query_finds(operations):
    assert by_slice(quantiles(operations)) == expected_by_slice(operations)


@settings(max_examples=60, deadline=None)
@given(operations_)
def test_quantiles_are_durations_that_occurred_and_do_not_fall(operations):
    occurred = set(operations["seconds"])
    for seconds in by_slice(quantiles(operations)).values():
        assert list(seconds) == sorted(seconds)
        assert set(seconds) <= occurred


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(1, (1, 1, 1, 1), id="a single operation is every quantile"),
        pytest.param(2, (1, 2, 2, 2), id="the median of two is the shorter one"),
        pytest.param(3, (2, 3, 3, 3), id="the median of three is the middle one"),
        pytest.param(10, (5, 9, 10, 10), id="nine of ten are ninety per cent"),
        pytest.param(20, (10, 18, 19, 20), id="nineteen of twenty are ninety-five per cent"),
        pytest.param(100, (50, 90, 95, 99), id="of a hundred, the share is the rank"),
        pytest.param(101, (51, 91, 96, 100), id="one more, and every rank is the next"),
    ],
)
def test_the_quantile_is_the_smallest_value_that_the_share_does_not_exceed(count, expected):
    # 1, 2, 3, … seconds, the longest first.
    rows = by_slice(quantiles(made([(0, 0, 0, 0, float(each)) for each in range(count, 0, -1)])))
    assert rows["1d", "", None, None, None] == expected


def test_a_rank_that_floats_put_a_hair_too_high_is_not_the_next_one():
    # 0.07 * 100 is 7.000000000000001.
    operations = made([(0, 0, 0, 0, float(each)) for each in range(1, 101)])
    assert quantiles(operations, slices=[()], windows={"1d": 1}, shares={"p7": 0.07})["p7"].to_list() == [7.0]


def test_a_window_holds_the_operations_that_are_younger_and_a_slice_those_with_its_values():
    rows = by_slice(
        quantiles(made([(0, 0, 0, 0, 10.0), (2, 0, 1, 1, 20.0), (3, 2, 1, 1, 40.0), (27, 2, 3, 0, 80.0), (28, 2, 2, 0, 5.0)]))
    )
    assert {window: rows[window, "", None, None, None][3] for window in WINDOWS} == {
        "1d": 10.0, "3d": 20.0, "4w": 80.0, "28d": 80.0,
    }  # fmt: skip
    assert rows["28d", "region", "west", None, None] == (40.0, 80.0, 80.0, 80.0)
    assert rows["28d", "version", None, "1.31", None] == (20.0, 40.0, 40.0, 40.0)
    assert rows["28d", "region,version,scope", "west", "unknown", "control_plane"] == (80.0,) * 4
    assert ("3d", "region", "west", None, None) not in rows
    assert not [key for key in rows if key[3] == "1.32"]


def test_without_operations_there_are_the_columns_and_no_row():
    frame = quantiles(made([]))
    assert frame.height == 0
    assert frame.schema == dict.fromkeys(("window", "slice_by", *VALUES), pl.String) | dict.fromkeys(SHARES, pl.Float64)


def test_values_may_be_many_more_than_operations():
    many = {name: pl.Series([f"{name}-{number}" for number in range(50_000)]) for name in "abcd"}
    columns = {name: [49_999, place, 0] for place, name in enumerate(many)}
    operations = pl.DataFrame({"age_days": [0, 0, 0], **columns, "seconds": [3.0, 1.0, 2.0]})
    frame = quantiles(operations, values=many, slices=[("a", "b", "c", "d")], windows={"1d": 1})
    assert {tuple(row[name] for name in many): row["p50"] for row in frame.to_dicts()} == {
        ("a-49999", "b-49999", "c-49999", "d-49999"): 3.0,
        ("a-0", "b-1", "c-2", "d-3"): 1.0,
        ("a-0", "b-0", "c-0", "d-0"): 2.0,
    }


def test_slices_may_be_so_many_that_slice_and_rank_do_not_fit_into_32_bits():
    count = 70_000  # its square is above 2^32
    operations = pl.DataFrame(
        {"age_days": [0] * count, "cluster": range(count), "seconds": [float(each * 31 % count) for each in range(count)]}
    )
    values = {"cluster": pl.Series(range(count)).cast(pl.String)}
    frame = quantiles(operations, values=values, slices=[("cluster",)], windows={"1d": 1})
    assert frame.height == count
    assert frame.filter(pl.col("p50") != pl.col("cluster").cast(pl.Int64) * 31 % count).height == 0


def test_a_null_is_refused_by_the_name_of_its_column():
    operations = made([(0, 0, 0, 0, 1.0)]).with_columns(region=pl.lit(None, pl.UInt8))
    with pytest.raises(ValueError, match=r"nulls in region; accepted: a number in every row of age_days, region, version"):
        quantiles(operations)
