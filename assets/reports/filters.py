"""The filter of the page: which slices can be chosen, and what is said about each of them.

Belongs here: the values that the three choices offer, the sentence of every slice, and what is left out of both.
Does not belong here: judging a slice (the status carries its verdict), dimming what is outside of the chosen one.
That goes to `assets/slo/` and `templates/page.js`, which looks sentences up and computes nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import numbers
from assets.reports.scores import Score
from assets.reports.slices import DIMENSIONS, version_key
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.slo.objectives import Objective

# status column: how many of its values are offered; all that the map draws are among them
OFFERED = {"to_version": 60, "region": 40, "workload_type": 20}
MOST_SLICES = 600  # whose sentences the page carries: about 55 kB


@dataclass(frozen=True)
class Choice:
    """One of the selects: its dimension as marks, rows and cells name it, and the values it offers after "all"."""

    name: str  # version | region | workload
    values: tuple[str, ...]


@dataclass(frozen=True)
class Filter:
    """The selects in reading order, and the numbers of every slice that they can name.

    `sentences` is keyed by the places of the chosen values in their selects, 0 for all: `3,0,1`.
    """

    choices: tuple[Choice, ...]
    sentences: dict[str, str]
    absent: str  # what is said about a slice that is not among them
    note: str  # on values that are not offered; empty when all are


def slice_filter(status: pl.DataFrame, score: Score) -> Filter | None:
    """The filter over one objective's slices in its own window; None when it is not sliced by any of the three."""
    objective = score.objective
    columns = [column for column in OFFERED if column in objective.slice_by]
    own = _own(status, objective)
    known = {column: _by_size(own, column) for column in columns}
    offered = {column: _in_reading_order(column, known[column][: OFFERED[column]]) for column in columns if known[column]}
    if not offered:
        return None
    kept, is_whole = _largest(own, offered)
    return Filter(
        choices=tuple(Choice(DIMENSIONS[column], tuple(map(shown, values))) for column, values in offered.items()),
        sentences={row["key"]: _sentence(row, score) for row in kept.iter_rows(named=True)},
        absent="no upgrade in the window."
        if is_whole
        else f"none, or not among the {numbers.count(MOST_SLICES)} largest slices on this page; slo_status.csv has all.",
        note=_note({column: len(values) for column, values in known.items()}),
    )


def _own(status: pl.DataFrame, objective: "Objective") -> pl.DataFrame:
    """The fleet and the slices that set nothing but the three dimensions."""
    return status.filter(
        pl.col("slo") == objective.name,
        pl.col("window") == objective.window,
        pl.all_horizontal(pl.col(column).is_null() for column in DIMENSIONS if column not in OFFERED),
    )


def _by_size(own: pl.DataFrame, column: str) -> list[str]:
    """The values of a dimension, those with the most decided operations first."""
    alone = own.filter(pl.col("slice_by") == column).sort("total", column, descending=[True, False])
    return alone[column].to_list()


def _in_reading_order(column: str, values: list[str]) -> list[str]:
    return sorted(values, key=version_key) if column == "to_version" else sorted(values)


def _largest(own: pl.DataFrame, offered: dict[str, list[str]]) -> tuple[pl.DataFrame, bool]:
    """Rows of slices of offered values with their `key`: single values first, then by size; and whether these are all."""
    places = [
        pl.when(pl.col(column).is_null())
        .then(0)
        .otherwise(pl.col(column).replace_strict(values, range(1, len(values) + 1), default=None, return_dtype=pl.Int64))
        for column, values in offered.items()
    ]
    nameable = (
        own.with_columns(
            key=pl.concat_str(places, separator=","),
            is_narrow=pl.sum_horizontal(pl.col(column).is_not_null() for column in offered) > 1,
        )
        .filter(pl.col("key").is_not_null())  # a part that is not offered makes the whole null
        .sort("is_narrow", "total", "key", descending=[False, True, False])
    )
    return nameable.head(MOST_SLICES), nameable.height <= MOST_SLICES


def _sentence(row: dict[str, Any], score: Score) -> str:
    """Counts beside the rate, and a verdict that is never told by the rate alone."""
    target = score.objective.target
    counts = f"{numbers.count(row['bad'])} bad of {numbers.count(row['total'])}"
    if not row["total"]:
        return "no upgrade decided yet."
    if row["total"] < numbers.FEWEST_FOR_A_RATE:
        return f"{counts}; too few to judge."
    rate = numbers.percent_against(row["sli"], target, score.decimals)
    interval = numbers.interval(row["sli_low"], row["sli_high"], score.decimals)
    goal = numbers.target_percent(target)
    verdict = {"met": f"Meets {goal}.", "missed": f"Misses {goal}."}.get(
        row["verdict"], f"Whether it meets {goal} cannot be told yet."
    )
    return f"{rate} good ({interval}), {counts}. {verdict}"


def _note(known: dict[str, int]) -> str:
    left_out = [
        numbers.plural(number - OFFERED[column], DIMENSIONS[column])
        for column, number in known.items()
        if number > OFFERED[column]
    ]
    return f"Not offered, with the fewest upgrades: {' and '.join(left_out)}." if left_out else ""
