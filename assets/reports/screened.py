"""Slices that fail more than the rest of the fleet: a ranked list over all objectives that count successes.

Belongs here: which slices are compared, which findings are listed, and the words and numbers of both.
Does not belong here: the statistics (`assets/health/screening.py`), slices against their target (`slices.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.health.screening import FALSE_SHARE, odds_ratios, screen, visible_bad_ratio
from assets.reports import numbers
from assets.reports.findings import listed
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, percent, plural, times
from assets.reports.scores import Score
from assets.reports.slices import DIMENSIONS, MAP_CONFIDENCE, dimensions_of, lies_in, name_of
from assets.reports.tables import MOST_FINDINGS, MOST_ROWS, Column, Row, Table, scope_of, two_lines

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

TITLE = "Slices that fail more than the rest"
# Of findings that hold each other the list keeps one. A bad day of a large fleet can have thousands: so many are looked at.
_MOST_COMPARED = 500
_RAREST = 1e-6
_COUNTS = ("bad", "total", "rest_bad", "rest_total")


@dataclass(frozen=True)
class Finding:
    """One slice of one objective that fails more than the rest; `adjusted_p` is that of the whole list down to here."""

    score: Score
    values: dict[str, str]
    bad: int
    total: int
    rest_bad: int
    rest_total: int
    adjusted_p: float


def section(data: "ReportData", found: Sequence[Score]) -> dict[str, Any]:
    """The `title`, the `table` of findings with its `note`, and the `unseen` one of objectives without any; None when empty."""
    able = [score for score in found if score.objective.kind == "ratio"]
    compared = compare(data.status, able)
    listed_ones = findings(compared, able)
    return {
        "title": _title(compared, listed_ones, able),
        "table": _table(listed_ones) if listed_ones else None,
        "unseen": _unseen(compared, able),
        "note": _note(compared) if listed_ones else "",
    }


def compare(status: pl.DataFrame, found: Sequence[Score]) -> pl.DataFrame:
    """One row per slice of these objectives in their own windows, the fleet left out, in the order of the status.

    The columns of the status, `rest_bad` and `rest_total` of the fleet without the slice, and `p`, `is_tested`, `adjusted_p`,
    `is_finding` of the list that all of them make together.
    """
    own = pl.DataFrame(
        [(score.objective.name, score.objective.window, score.bad, score.total) for score in found],
        schema={"slo": pl.String, "window": pl.String, "fleet_bad": pl.Int64, "fleet_total": pl.Int64},
        orient="row",
    )
    slices = status.filter(pl.col("slice_by") != "").join(own, on=["slo", "window"], maintain_order="left")
    slices = slices.with_columns(rest_bad=pl.col("fleet_bad") - pl.col("bad"), rest_total=pl.col("fleet_total") - pl.col("total"))
    screened = screen(*(slices[name].to_numpy() for name in _COUNTS))
    return slices.with_columns(
        p=pl.Series(screened.p, dtype=pl.Float64),
        is_tested=pl.Series(screened.is_tested, dtype=pl.Boolean),
        adjusted_p=pl.Series(screened.adjusted_p, dtype=pl.Float64),
        is_finding=pl.Series(screened.is_finding, dtype=pl.Boolean),
    )


def findings(compared: pl.DataFrame, found: Sequence[Score]) -> list[Finding]:
    """The findings, the least likely by chance first; of those of one objective that hold each other, only the first.

    Of slices made of the very same operations the one with the fewest dimensions is first.
    """
    scores = {score.objective.name: score for score in found}
    breadth = pl.sum_horizontal(pl.col(name).is_not_null() for name in DIMENSIONS)
    ranked = compared.filter("is_finding").sort("p", breadth, pl.col("bad"), descending=[False, False, True], maintain_order=True)
    kept: list[Finding] = []
    for row in ranked.head(_MOST_COMPARED).iter_rows(named=True):
        values = {name: row[name] for name in DIMENSIONS if row[name] is not None}
        score = scores[row["slo"]]
        if not any(each.score is score and (lies_in(values, each.values) or lies_in(each.values, values)) for each in kept):
            kept.append(Finding(score, values, *(row[name] for name in (*_COUNTS, "adjusted_p"))))
    return kept


def _title(compared: pl.DataFrame, kept: Sequence[Finding], able: Sequence[Score]) -> str:
    if not able:
        return "No objective counts successes, so there are no failure rates to compare"
    tested = compared.filter("is_tested").height
    if not tested:
        return "No slice has what it takes to be compared with the rest of the fleet"
    if not kept:
        return f"No slice fails more than the rest; {plural(tested, 'slice was', 'slices were')} compared"
    number = compared.filter("is_finding").height
    names = listed(list(dict.fromkeys(name_of(each.values) for each in kept)))
    verb = "fails" if number == 1 else "fail"
    return f"{count(number)} of {plural(tested, 'slice')} of {plural(len(able), 'objective')} {verb} more than the rest: {names}"


def _table(kept: Sequence[Finding]) -> Table:
    drawn = kept[:MOST_FINDINGS]
    counts = ([getattr(each, name) for each in drawn] for name in _COUNTS)
    odds = zip(*odds_ratios(*counts, confidence=MAP_CONFIDENCE), strict=True)
    rows = [_row(each, *map(float, ends)) for each, ends in zip(drawn, odds, strict=True)]
    heads = (
        "Bad", "Share", "Bad in the rest", "Share", "Times the rest",
        f"Odds ratio ({percent(MAP_CONFIDENCE, 0)} interval)", "By chance, down to here",
    )  # fmt: skip
    columns = (Column("Slice"), Column("Objective"), *(Column(head, "number") for head in heads[:-1]), Column(heads[-1]))
    left_out = f"The first {MOST_FINDINGS} of {count(len(kept))}." if len(kept) > MOST_FINDINGS else ""
    return Table("Slices that fail more than the rest of the fleet", columns, tuple(rows), left_out)


def _row(each: Finding, odds: float, low: float, high: float) -> Row:
    decimals = each.score.decimals
    multiple = MISSING
    if min(each.total, each.rest_total) >= FEWEST_FOR_A_RATE:
        multiple = times(each.bad / each.total * each.rest_total / each.rest_bad) if each.rest_bad else "none elsewhere"
    return Row(
        (
            two_lines(name_of(each.values), dimensions_of(each.values)),
            each.score.title,
            f"{count(each.bad)} of {count(each.total)}",
            _share(each.bad, each.total, decimals),
            f"{count(each.rest_bad)} of {count(each.rest_total)}",
            _share(each.rest_bad, each.rest_total, decimals),
            multiple,
            f"{numbers.ratio(odds)} ({numbers.ratio(low)}–{numbers.ratio(high)})"
            if math.isfinite(high)
            else f"{numbers.ratio(low)} or more",
            by_chance(each.adjusted_p),
        ),
        scope_of(each.values),
    )


def _share(bad: int, total: int, decimals: int) -> str:
    return percent(bad / total, decimals) if total >= FEWEST_FOR_A_RATE else f"n = {total}"


def by_chance(adjusted_p: float) -> str:
    """How many of the findings down to one are expected to be there by chance: `at most 1 in 4,800`, never said too rare."""
    if adjusted_p < _RAREST:
        return f"fewer than 1 in {count(1 / _RAREST)}"
    most = math.floor(1 / adjusted_p)
    step = 10 ** max(len(str(most)) - 2, 0)
    return f"at most 1 in {count(most // step * step)}"


def _unseen(compared: pl.DataFrame, able: Sequence[Score]) -> Table | None:
    """Per objective without a finding: how much worse its largest and its middling slice would have had to be."""
    tested = compared.filter("is_tested")
    rows = []
    for score in able:
        own = tested.filter(pl.col("slo") == score.objective.name).sort("total", maintain_order=True)
        if own.is_empty() or own["is_finding"].any():
            continue
        cells = [_visible(score, own.row(place, named=True), tested.height) for place in (own.height - 1, own.height // 2)]
        rows.append(Row((score.title, count(own.height), *(text for pair in cells for text in pair))))
    columns = (
        Column("Objective"), Column("Slices compared", "number"),
        Column("Largest: upgrades", "number"), Column("would be found from", "number"),
        Column("Middling: upgrades", "number"), Column("would be found from", "number"),
    )  # fmt: skip
    note = (
        "From this bad share on, a slice of that size would be found in at least four of five cases if it alone were worse; a "
        "lower one could have gone unseen."
    )
    note += f" The first {MOST_ROWS} of {count(len(rows))} objectives." if len(rows) > MOST_ROWS else ""
    caption = "What would have been found where nothing was"
    return Table(caption, columns, tuple(rows[:MOST_ROWS]), note) if rows else None


def _visible(score: Score, row: dict[str, Any], tested: int) -> tuple[str, str]:
    ratio = visible_bad_ratio(row["total"], row["rest_bad"], row["rest_total"], tested=tested).item()
    if math.isnan(ratio):
        return count(row["total"]), "nothing could be"
    share = percent(ratio, score.decimals)
    if row["rest_bad"]:
        share += f", {times(ratio * row['rest_total'] / row['rest_bad'])} the rest"
    return count(row["total"]), share


def _note(compared: pl.DataFrame) -> str:
    number = compared.filter("is_finding").height
    return (
        "Each slice of each objective in its own window against the fleet without it, the least likely by chance first. "
        f"Of all {plural(number, 'finding')}, at most 1 in {count(1 / FALSE_SHARE)} is expected to be there by chance; "
        "of those down to a row, as many as it says. A finding that holds, or lies in, one further up of its objective is left "
        "out. Failures that come in bursts make more slices stand out than chance is said to here. This shows where, not why."
    )
