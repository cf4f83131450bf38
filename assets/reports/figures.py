"""The figures of the page: each a finding, a chart, what it says in words, and the numbers behind it.

Belongs here: preparing the frame a chart draws, and pairing it with its title, description and table.
Does not belong here: drawing (`charts.py`, `drawing.py`), sentences (`findings.py`), the page (`page.py`).
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import findings, tables
from assets.reports.numbers import (
    FEWEST_FOR_A_RATE,
    count,
    day,
    duration,
    percent,
    plural,
)
from assets.reports.scores import Score, budget_text
from assets.reports.slices import Focus, Slice, apart, version_key
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    import altair as alt

LOWEST_DRAWN = -1.0  # a budget overspent further than this is drawn at the edge; its label tells the number
MOST_BARS = 8
MOST_VERSIONS, MOST_WORKLOADS, MOST_REASONS = 8, 8, 10
_QUANTILES = ("p50", "p90", "p95", "p99")
_SLICE_NAMES = {"to_version": "version", "region": "region", "workload_type": "workload"}


@dataclass(frozen=True)
class Figure:
    """A chart with everything a reader without it needs.

    `fit` tells the page's script how to redraw it: {"kind": "width"}, or {"kind": "grid", "least": narrowest
    panel in px, "most": columns, "gap": px between them, "axis": px left of the first}.
    """

    id: str
    title: str
    subtitle: str
    description: str
    chart: "alt.TopLevelMixin"
    table: tables.Table
    fit: dict[str, Any]


def budget_burndown(found: Sequence[Score]) -> Figure | None:
    """The budgets of all objectives with enough operations to draw; None when there is none."""
    drawn = [score for score in found if score.has_rate and score.budget_allowed > 0]
    if not drawn:
        return None
    from assets.reports import charts

    rows = [row for score in drawn for row in _budget_rows(score)]
    is_cut = any(row["exact"] < LOWEST_DRAWN for row in rows)
    frame = pl.DataFrame(rows).drop("exact")
    skipped = [f"{score.title} (n = {score.total})" for score in found if score not in drawn]
    subtitle = (
        "Share of the window's error budget left after each day. Dashed: spending it evenly."
        + (f" Cut at {percent(LOWEST_DRAWN, 0)}." if is_cut else "")
        + (f" Too few upgrades to draw: {', '.join(skipped)}." if skipped else "")
    )
    title = findings.title_budget(drawn)
    return Figure(
        id="burndown",
        title=title,
        subtitle=subtitle,
        description=f"{plural(len(drawn), 'line chart')} of budget left by day. {title}.",
        chart=charts.budget_burndown(frame, columns=min(3, len(drawn))),
        table=tables.budgets(found),
        fit={"kind": "grid", "least": 210, "most": 4, "panels": len(drawn), "gap": 26, "axis": 62},
    )


def _budget_rows(score: Score) -> list[dict[str, Any]]:
    days = score.window_days
    before = score.bad - sum(each.bad for each in days)  # of days the daily counts do not reach back to
    heading = "\n".join(textwrap.wrap(score.title, 28)) or score.title
    rows, bad = [], before
    for index, each in enumerate(days, start=1):
        bad += each.bad
        left = 1 - bad / score.budget_allowed
        rows.append({
            "panel": heading,
            "day": each.day,
            "exact": left,
            "left": max(left, LOWEST_DRAWN),
            "pace": 1 - index / len(days),
            "verdict": score.verdict,
            "end_label": _end_label(score) if index == len(days) else "",
            "day_text": day(each.day),
            "left_text": f"{budget_text(score.allowed - bad)} of {budget_text(score.allowed)}",
            "bad": count(bad),
        })  # fmt: skip
    return rows


def _end_label(score: Score) -> str:
    return f"{budget_text(-score.left)} over" if score.left < 0 else f"{budget_text(score.left)} left"


def excess_by_slice(focus: Focus) -> Figure | None:
    """The slices of one objective that miss on their own; None when no slice stands out."""
    if not focus.slices:
        return None
    from assets.reports import charts

    distinct = apart(focus.slices)
    bars = distinct[:MOST_BARS]
    frame = pl.DataFrame([{"rank": rank, **_excess_row(each)} for rank, each in enumerate(bars)])
    title = findings.title_excess(focus)
    objective = focus.score.objective
    more = f" The first {len(bars)} of {count(len(distinct))}." if len(distinct) > len(bars) else ""
    return Figure(
        id="excess",
        title=title,
        subtitle=f"{focus.score.title}: slices that miss the target on their own, {_window(focus.score)}. "
        f"Line: {percent(objective.confidence, 0)} interval. Slices overlap, so bars do not add up.{more}",
        description=f"Bar chart of {plural(len(bars), 'slice')} by bad upgrades beyond the allowed. {title}.",
        chart=charts.excess_by_slice(frame),
        table=tables.excesses(focus.slices, objective.target),
        fit={"kind": "width"},
    )


def _window(score: Score) -> str:
    return "the last day" if score.objective.window_days == 1 else f"{score.objective.window_days} days"


def _excess_row(each: Slice) -> dict[str, Any]:
    low, high = each.excess_interval
    values = {name: shown(each.values.get(column, "all")) for column, name in _SLICE_NAMES.items()}
    counts = f"{count(each.bad)} bad of {count(each.total)}, {budget_text(each.allowed)} allowed"
    return {
        **values,
        "slice": f"{each.name} ({each.dimensions})",
        "label": f"{each.name}\n{each.dimensions}: {counts}",
        "excess": each.excess,
        "excess_low": low,
        "excess_high": high,
        "count_text": counts,
        "excess_text": f"{budget_text(each.excess)} ({count(low)} – {count(high)})",
    }


def duration_quantiles(score: Score, status: pl.DataFrame, *, number: int) -> Figure | None:
    """Durations under one threshold objective by version and workload; None when nothing succeeded."""
    frame = _quantile_frame(score, status)
    if frame.is_empty() or frame["p50"].drop_nulls().is_empty():
        return None
    from assets.reports import charts

    objective = score.objective
    scopes = frame.slice(1)
    title = findings.title_durations(score, list(zip(scopes["scope"], scopes["verdict"], strict=True)))
    judged = frame["judged"][0]
    diamond = f"Diamond: {judged}, which the objective judges; circles:" if judged else "Circles:"
    others = " and ".join(name for name in ("p50", "p90", "p95") if name != judged)
    subtitle = (
        f"{diamond} {others}; tick: p99, of upgrades that succeeded in {_window(score)}. "
        f"Vertical line: {duration(objective.value)}."
    )
    if objective.failed == "never-finishes":
        subtitle += " The verdict also counts failed ones, which never finished."
    return Figure(
        id=f"quantiles-{number}",
        title=title,
        subtitle=subtitle,
        description=f"Range plot of duration quantiles for {plural(frame.height, 'scope')}. {title}.",
        chart=charts.duration_quantiles(frame),
        table=tables.quantiles(frame),
        fit={"kind": "width"},
    )


def _quantile_frame(score: Score, status: pl.DataFrame) -> pl.DataFrame:
    """One row per scope in reading order: the fleet, versions ascending, workloads by size."""
    objective = score.objective
    own = status.filter((pl.col("slo") == objective.name) & (pl.col("window") == objective.window))
    fleet = own.filter(pl.col("slice_by") == "").to_dicts()
    versions = _largest(own.filter(pl.col("slice_by") == "to_version"), "to_version", MOST_VERSIONS)
    workloads = _largest(own.filter(pl.col("slice_by") == "workload_type"), "workload_type", MOST_WORKLOADS)
    versions.sort(key=lambda row: version_key(row["to_version"]))
    rows = [
        *(_quantile_row(score, row, "Fleet") for row in fleet),
        *(_quantile_row(score, row, _scope_name(row["to_version"], "version")) for row in versions),
        *(_quantile_row(score, row, _scope_name(row["workload_type"], "workload")) for row in workloads),
    ]
    types = dict.fromkeys((*_QUANTILES, "objective_seconds"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None).with_row_index("rank")


def _scope_name(value: str, dimension: str) -> str:
    """The value itself; `unknown`, which both dimensions have, says which it is."""
    return f"{value} ({dimension})" if value == "unknown" else shown(value)


def _largest(rows: pl.DataFrame, column: str, most: int) -> list[dict[str, Any]]:
    return rows.sort("total", column, descending=[True, False]).head(most).to_dicts()


def _quantile_row(score: Score, row: dict[str, Any], name: str) -> dict[str, Any]:
    objective = score.objective
    limit = float(objective.value or 0.0)
    enough = row["total"] >= FEWEST_FOR_A_RATE and row["p50"] is not None
    texts = {f"{q}_text": duration(row[q]) if enough else "–" for q in _QUANTILES}
    seconds = {q: max(row[q], 1.0) if enough else None for q in _QUANTILES}
    judged = next((q for q in _QUANTILES if abs(int(q[1:]) / 100 - objective.target) < 1e-9), "")
    if objective.op in {"gt", "gte"}:
        judged = ""  # a lower limit is not about the slowest ones
    return {
        "scope": name,
        "label": "\n".join(textwrap.wrap(name, 22, max_lines=2, placeholder="…")) or name,
        "version": shown(row["to_version"] or "all"),
        "workload": shown(row["workload_type"] or "all"),
        "total": row["total"],
        **seconds,
        **texts,
        "judged": judged,
        "verdict": row["verdict"],
        "note": texts["p99_text"] if enough else f"too few to judge (n = {row['total']})",
        "objective_seconds": max(limit, 1.0),
        "objective_text": f"limit {duration(limit)}",
    }


def failure_reasons(reasons: pl.DataFrame) -> Figure | None:
    """Failed upgrades by category and side; None when nothing failed."""
    failed = reasons.filter(pl.col("failed_count") > 0).sort(
        "failed_count", "error_category", "responsibility", descending=[True, False, False]
    )
    if failed.is_empty():
        return None
    from assets.reports import charts

    rows = [_reason_row(row) for row in failed.head(MOST_REASONS).iter_rows(named=True)]
    rows.sort(key=lambda row: not row["is_platform"])  # stable: the platform's panel first, each by count
    for index, row in enumerate(rows):
        row["rank"] = sum(other["panel"] == row["panel"] for other in rows[:index])
    title = findings.title_reasons(failed)
    panels = len({row["panel"] for row in rows})
    more = f" The {len(rows)} most common of {failed.height}." if failed.height > len(rows) else ""
    return Figure(
        id="reasons",
        title=title,
        subtitle="Failed upgrades that started in the last 28 days, by category of their error code; "
        f"one scale.{more} An unknown code counts as platform.",
        description=f"Bar chart of {plural(len(rows), 'failure reason')}. {title}.",
        chart=charts.failure_reasons(pl.DataFrame(rows), columns=panels),
        table=tables.reasons(failed),
        fit={"kind": "grid", "least": 260, "most": panels, "panels": panels, "gap": 34, "axis": 14},
    )


def _reason_row(row: dict[str, Any]) -> dict[str, Any]:
    is_platform = row["responsibility"] == "platform"
    side = "" if row["responsibility"] in {"platform", "customer"} else f" ({shown(row['responsibility'])})"
    return {
        "panel": "Platform" if is_platform else "Customer or dependency",
        "is_platform": is_platform,
        "category": f"{shown(row['error_category'])}{side}",
        "label": f"{shown(row['error_category'], longest=40)}{side}: {count(row['failed_count'])}",
        "failed_count": row["failed_count"],
        "count_text": count(row["failed_count"]),
    }
