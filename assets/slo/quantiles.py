"""Quantiles of every slice and window at once: each is the duration of one operation, the one that stands at its rank.

Belongs here: numbering slices, sorting within them and picking ranks, on arrays.
Does not belong here: reading the durations (`sql/select_seconds.sql`), which slices and windows there are (`status.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

_ROOM = 4  # up to how many possible numbers per row they are ticked off in a table; sorting takes longer, and less memory


def quantiles_of_slices(
    operations: pl.DataFrame,
    *,
    values: Mapping[str, pl.Series],
    slices: Iterable[tuple[str, ...]],
    windows: Mapping[str, int],
    shares: Mapping[str, float],
) -> pl.DataFrame:
    """The shortest durations that given shares of a slice's operations did not exceed; exact, as `quantile_disc` has them.

    `operations`: one row each; whole numbers `age_days` (0 on the report day) and, for every dimension of `values`, where in
    `values` its own stands; Float64 `seconds`. `windows`: days by name. `shares`: above 0 and at most 1, by name.
    Returns one row per window and slice with an operation: String `window`, `slice_by` and the dimensions of `values` (null
    where the slice does not set them), and a Float64 for each share.

    Raises:
        ValueError: if an operation has a null in one of these columns.
    """
    inputs = ("age_days", *values, "seconds")
    if missing := [name for name in inputs if operations[name].null_count()]:
        raise ValueError(f"nulls in {', '.join(missing)}; accepted: a number in every row of {', '.join(inputs)}")
    # From the shortest on; a window has the rows that are young enough, in the same order.
    seconds = operations["seconds"].to_numpy()
    order = np.argsort(seconds)
    names = sorted(windows, key=windows.__getitem__)
    age_days = operations["age_days"].to_numpy()[order]
    in_window = [order[age_days < windows[name]] for name in names]
    # Operations share few combinations of values: slices are numbered on those.
    combinations = _distinct_rows({name: operations[name].to_numpy() for name in values}, rows=len(order))
    del operations  # the arrays hold what is needed, and they are long
    combinations_of = [combinations.of[rows] for rows in in_window]
    durations = [seconds[rows] for rows in in_window]
    sizes = [np.bincount(of, minlength=combinations.count) for of in combinations_of]
    columns = dict.fromkeys(("window", "slice_by", *values), pl.String) | dict.fromkeys(shares, pl.Float64)
    found = [pl.DataFrame(schema=columns)]
    for each in slices:
        slices_ = _distinct_rows({name: combinations.columns[name] for name in each}, rows=combinations.count)
        slice_of = slices_.of.astype(np.min_scalar_type(slices_.count))
        present, picked = [], []
        for size, of, in_order in zip(sizes, combinations_of, durations, strict=True):
            slice_size = np.bincount(slices_.of, weights=size, minlength=slices_.count).astype(np.int64)
            present.append(np.flatnonzero(slice_size))
            # Stable, so the rows of a slice come together, the shortest first; by digits, for up to 65,536 slices.
            grouped = np.argsort(slice_of[of], kind="stable")
            picked.append(in_order[grouped[_positions(slice_size[present[-1]], shares)]])
        number = np.concatenate(present)
        found.append(
            pl.DataFrame(
                {
                    "window": pl.Series(names).gather(np.repeat(np.arange(len(names)), [*map(len, present)])),
                    "slice_by": pl.repeat(",".join(each), len(number), eager=True),
                    **{name: values[name].gather(column[number]) for name, column in slices_.columns.items()},
                    **dict(zip(shares, np.concatenate(picked).T, strict=True)),
                }
            )
        )
    return pl.concat(found, how="diagonal")


def _positions(sizes: Numbers, shares: Mapping[str, float]) -> Numbers:
    """Where the ranks of the shares are in groups of these sizes, one after the other: a row per group, a column per share."""
    # In floats 0.07 * 100 is 7.000000000000001, and its rank is 7.
    ranks = np.ceil(np.multiply.outer(sizes, list(shares.values())) - 1e-9).astype(np.int64)
    return (np.cumsum(sizes) - sizes)[:, np.newaxis] + ranks - 1


@dataclass(frozen=True)
class _Rows:
    """Distinct rows: their columns, how many they are, and which of them each of the given rows is."""

    columns: dict[str, Numbers]
    count: int
    of: Numbers


def _distinct_rows(given: Mapping[str, Numbers], *, rows: int) -> _Rows:
    """The distinct ones of so many rows of whole numbers from 0; without a column, all rows are the same."""
    distinct = _Rows({}, 1, np.zeros(rows, np.int64))
    for name, column in given.items():
        size = int(column.max(initial=0)) + 1
        found, of = _distinct(distinct.of * size + column, below=distinct.count * size)
        row, value = np.divmod(found, size)
        distinct = _Rows({each: numbers[row] for each, numbers in distinct.columns.items()} | {name: value}, len(found), of)
    return distinct


def _distinct(numbers: Numbers, *, below: int) -> tuple[Numbers, Numbers]:
    """The distinct numbers in ascending order, and for each number where it stands there."""
    if below > _ROOM * len(numbers):
        return np.unique(numbers, return_inverse=True)
    occurs = np.zeros(below, np.bool_)
    occurs[numbers] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[numbers]
