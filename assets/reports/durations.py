"""How long upgrades take, with those that still run, have failed or were cancelled: a figure per objective with an upper limit.

Belongs here: which slices are drawn and listed, what they say about the limit, and what is said where there is too little.
Does not belong here: reading and estimating (`assets/health/follow_up.py`), drawing (`charts.py`), markup (`templates/`).
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from assets.health.durations import log_log_band
from assets.health.follow_up import DIMENSIONS, FLEET, MOST_CURVES, SHARES, has_upper_limit, reach
from assets.reports import numbers
from assets.reports.figures import Figure
from assets.reports.findings import duration_goal, listed
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, duration, percent, plural
from assets.reports.scores import Score
from assets.reports.slices import DIMENSIONS as WORDS
from assets.reports.slices import MAP_CONFIDENCE, version_key
from assets.reports.tables import Column, Row, Table, scope_of
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

MOST_FIGURES = 3  # further objectives have a sentence
MOST_SERIES = 4  # of a chart, the fleet among them
MOST_NAMES = 12  # of slices without a row, of one dimension
FEW = 200  # below so many upgrades a curve is drawn in the steps that it is
LONGEST_LABEL = 24
_EVERY = 6  # which points answer to a pointer
_LEVELS = (0.62, 0.5, 0.38, 0.26)  # where each series carries its name, so that no two are on one line


def sections(data: "ReportData", found: Iterable[Score]) -> list[dict[str, Any]]:
    """What the page shows of each objective with an upper limit: a figure or a sentence in its place, and notes."""
    limited = [score for score in found if has_upper_limit(score.objective)]
    return [_section(data, score, number) for number, score in enumerate(limited, start=1)]


def _section(data: "ReportData", score: Score, number: int) -> dict[str, Any]:
    rows = data.durations.slices.filter(pl.col("slo") == score.objective.name)
    fleet = next(rows.filter(pl.col("dimension") == FLEET).iter_rows(named=True), None)
    upgrades = fleet["upgrades"] if fleet else 0
    if fleet is None or upgrades < FEWEST_FOR_A_RATE:
        number_of = f"n = {upgrades}" if upgrades else "none started in the window"
        sentence = f"{score.title}: too few upgrades to tell how long they take ({number_of})."
        return {"figure": None, "empty": sentence, "notes": []}
    parts = singled_out(rows, score)
    if number > MOST_FIGURES:
        return {"figure": None, "empty": f"{_title(fleet, parts, score)}. {_fleet(fleet, score)}", "notes": _notes(fleet)}
    return {"figure": _figure(data.durations.curves, rows, fleet, parts, score, number), "empty": "", "notes": _notes(fleet)}


def singled_out(rows: pl.DataFrame, score: Score) -> list[dict[str, Any]]:
    """The slices that a chart sets beside the fleet, as rows with `kind`; the furthest from the target in standard errors first.

    `bad`: the whole 99 % band of the share within the limit is below the target, since many slices are looked at together; or
    none kept the limit, which has no band. `good`: it reaches the target where the fleet does not. A slice of the fleet's
    upgrades is the fleet, and of two with the same ones the first is drawn.
    """
    low, high = log_log_band(1 - pl.col("share"), pl.col("std_error"), confidence=MAP_CONFIDENCE)
    target = score.objective.target
    fleet = rows.filter(pl.col("dimension") == FLEET).row(0, named=True)
    is_short = fleet["share"] is not None and fleet["share"] < target
    is_bad = (1 - low < target) | ((pl.col("share") == 0) & (pl.col("bound_high") < target))
    kind = pl.when(is_bad).then(pl.lit("bad")).when((1 - high >= target) & is_short).then(pl.lit("good"))
    apart = (
        rows.group_by("dimension", maintain_order=True)
        .head(MOST_CURVES)
        .filter(pl.col("upgrades") >= max(FEWEST_FOR_A_RATE, score.objective.min_events), pl.col("upgrades") < fleet["upgrades"])
        .with_columns(kind=kind, distance=((pl.col("share") - target).abs() / pl.col("std_error")).fill_null(math.inf))
        .filter(pl.col("kind").is_not_null())
        .unique(["upgrades", "finished", "share", "last_seen"], keep="first", maintain_order=True)
        .sort("kind", "distance", descending=[False, True], maintain_order=True)
    )
    return apart.head(MOST_SERIES - 1).to_dicts()


def _figure(
    curves: pl.DataFrame, rows: pl.DataFrame, fleet: dict[str, Any], parts: list[dict[str, Any]], score: Score, number: int
) -> Figure:
    from assets.reports import charts

    objective = score.objective
    title = _title(fleet, parts, score)
    failed = "failed ones are left out" if objective.failed == "excluded" else "failed ones as never finished"
    drawn = [{**fleet, "kind": "fleet"}, *parts]
    return Figure(
        id=f"survival-{number}",
        title=title,
        subtitle=f"Share of upgrades that have finished by each time (Kaplan–Meier), {_window(score)}. Those still running count "
        f"for as long as they have been seen, cancelled ones until they were, {failed}. Diamond: the objective. "
        + _fleet(fleet, score)
        + (f" Drawn beside the fleet: {_drawn(parts, score)}." if parts else ""),
        description=f"Line chart of the share finished by time: {listed([_name(row) for row in drawn], MOST_SERIES)}. {title}.",
        chart=charts.duration_survival(_points(curves, drawn, score)),
        table=_table(rows, score),
        fit={"kind": "width"},
    )


def _title(fleet: dict[str, Any], parts: list[dict[str, Any]], score: Score) -> str:
    limit = duration(score.objective.value)
    short = [_name(row) for row in parts if row["kind"] == "bad"]
    if fleet["share"] is None:
        found = f"no upgrade has been seen for {limit} yet, so that the share within it is open"
    else:
        target = numbers.target_percent(score.objective.target)
        found = f"{_share(fleet['share'], score)} finish within {limit} (target {target})"
    also = f"; {listed(short)} {'falls' if len(short) == 1 else 'fall'} short" if short else ""
    return f"{score.title}: {found}{also}"


def _fleet(fleet: dict[str, Any], score: Score) -> str:
    """The fleet's band and exact bounds, as the sentence that the chart stands on."""
    band, bounds = _band(fleet, score), _bounds(fleet, score)
    interval = f"{percent(score.objective.confidence, 0)} interval {band}; " if band != MISSING else ""
    return f"Fleet: {interval}whatever becomes of those still running, {bounds}."


def _drawn(parts: list[dict[str, Any]], score: Score) -> str:
    confidence, target = percent(MAP_CONFIDENCE, 0), numbers.target_percent(score.objective.target)
    kinds = {row["kind"] for row in parts}
    sides = [word for kind, word in (("bad", "below"), ("good", "at or above")) if kind in kinds]
    return f"at most {MOST_SERIES - 1} slices whose whole {confidence} interval is {' or '.join(sides)} {target}"


def _notes(fleet: dict[str, Any]) -> list[str]:
    """What the durations rest on, where there is something to say."""
    notes = []
    if fleet["upper_bounds"]:
        are = "is an upper bound" if fleet["upper_bounds"] == 1 else "are upper bounds"
        notes.append(
            f"{plural(fleet['upper_bounds'], 'duration')} of {count(fleet['finished'])} {are}: only the poll that first saw the "
            "end is known, so that more may have kept the limit than it seems."
        )
    if fleet["cancelled"]:
        notes.append(
            f"{plural(fleet['cancelled'], 'upgrade was', 'upgrades were')} cancelled or superseded: counted until then, and in "
            "no bound, so that an estimate may lie outside of the bounds."
        )
    return notes


def _points(curves: pl.DataFrame, drawn: list[dict[str, Any]], score: Score) -> pl.DataFrame:
    objective = score.objective
    limit = float(objective.value or 0.0)
    until = reach(objective)
    points = []
    for series, row in enumerate(drawn):
        key = (pl.col("slo") == row["slo"]) & (pl.col("dimension") == row["dimension"]) & (pl.col("value") == row["value"])
        own = curves.filter(key).select("seconds", "share").rows()
        # The first point at its level carries the name; of a curve that stays below, the last.
        named = next((place for place, (_, share) in enumerate(own) if share >= _LEVELS[series]), len(own) - 1)
        place_of_name = own[named][0] / until
        side = "left" if place_of_name > (0.08 if row["kind"] == "fleet" else 0.7) else "right"  # where there is room
        values = {WORDS[name]: shown(row["value"]) if row["dimension"] == name else "all" for name in DIMENSIONS}
        points += [
            {
                "series": series, "name": _name(row), "kind": row["kind"], "is_few": row["upgrades"] < FEW,
                **{word: values[word] for word in ("version", "region", "workload")},
                "seconds": round(seconds, 3), "share": round(share, 4),
                "label": shown(_name(row), longest=LONGEST_LABEL) if place == named else "",
                "side": side if place == named else "",
                "share_text": percent(share, score.decimals) if place % _EVERY == 0 else "",
                "time_text": duration(seconds) if place % _EVERY == 0 else "",
                "limit_seconds": limit, "target": objective.target, "objective_text": duration_goal(score), "until": until,
            }
            for place, (seconds, share) in enumerate(own)
        ]  # fmt: skip
    return pl.DataFrame(points, infer_schema_length=None)


def _table(rows: pl.DataFrame, score: Score) -> Table:
    listed_rows, rest = [], []
    for dimension in (FLEET, *DIMENSIONS):
        own = rows.filter(pl.col("dimension") == dimension).to_dicts()
        largest, others = own[:MOST_CURVES], own[MOST_CURVES:]
        if dimension == "to_version":
            largest.sort(key=lambda row: version_key(row["value"]))
        listed_rows += largest
        if others:
            names = [shown(row["value"]) for row in others]
            rest.append(f"{WORDS[dimension]} {listed(names, MOST_NAMES)}")
    heads = (
        "Upgrades", "Failed", "Running", "Cancelled", f"Within {duration(score.objective.value)}",
        f"{percent(score.objective.confidence, 0)} interval", "Exact bounds", *SHARES,
    )  # fmt: skip
    return Table(
        f"{score.title}: how long upgrades take, those still running and failed ones included",
        (Column("Scope"), Column("Dimension"), *(Column(head, "number") for head in heads)),
        tuple(_row(row, score) for row in listed_rows),
        "Exact bounds: none, or all, of those that run and are younger than the limit keep it. Quantiles of all upgrades, with "
        "their interval; “>” where so many have not finished by the longest time that was seen."
        + (f" Without a row, with fewer upgrades: {'; '.join(rest)}." if rest else ""),
    )


def _row(row: dict[str, Any], score: Score) -> Row:
    name = (_name(row), WORDS.get(row["dimension"], ""))
    counts = (count(row[column]) for column in ("upgrades", "failed", "running", "cancelled"))
    scope = {} if row["dimension"] == FLEET else scope_of({row["dimension"]: row["value"]})
    if row["upgrades"] < FEWEST_FOR_A_RATE:
        few = f"too few to judge (n = {row['upgrades']})"
        return Row((*name, *counts, few, *[MISSING] * (2 + len(SHARES))), scope)
    share = MISSING if row["share"] is None else _share(row["share"], score)
    return Row((*name, *counts, share, _band(row, score), _bounds(row, score), *(_quantile(row, each) for each in SHARES)), scope)


def _quantile(row: dict[str, Any], name: str) -> str:
    beyond = f">{numbers.NARROW}{duration(row['last_seen'])}"
    found, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if found is None:
        return beyond
    ends = " – ".join((MISSING if low is None else duration(low), beyond if high is None else duration(high)))
    return Markup("{}<small>{}</small>").format(duration(found), ends)


def _share(share: float, score: Score) -> str:
    return numbers.percent_against(share, score.objective.target, score.decimals)


def _band(row: dict[str, Any], score: Score) -> str:
    """The band where it has both ends: not where none, or all, have finished within the limit."""
    if row["low"] is None or row["high"] is None:
        return MISSING
    return numbers.interval(row["low"], row["high"], score.decimals)


def _bounds(row: dict[str, Any], score: Score) -> str:
    return numbers.interval(row["bound_low"], row["bound_high"], score.decimals)


def _name(row: dict[str, Any]) -> str:
    """The slice's value; `unknown`, which all dimensions have, says which it is."""
    if row["dimension"] == FLEET:
        return "Fleet"
    return f"unknown ({WORDS[row['dimension']]})" if row["value"] == "unknown" else shown(row["value"])


def _window(score: Score) -> str:
    return "the report day" if score.objective.window_days == 1 else f"{score.objective.window_days} days"
