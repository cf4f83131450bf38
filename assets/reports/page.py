"""The report page: one self-contained HTML file per report day.

Belongs here: gathering findings, figures and tables into sections of a file that needs no network.
Does not belong here: sentences (`findings.py`), charts (`charts.py`), tables (`tables.py`), reading
(`model.py`).
The same input gives the same bytes: nothing here asks for the time, a random number or the machine's locale.
"""

import base64
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.reports import (
    alarm,
    alerts,
    api_features,
    changes,
    claims,
    durations,
    figures,
    filters,
    findings,
    micro,
    numbers,
    retries,
    screened,
    starts,
    support,
    tables,
    theme,
)
from assets.reports.figures import Figure
from assets.reports.report_data import ReportData
from assets.reports.restated import Restated
from assets.reports.scores import LOOK_BACKS, SPARKLINE_DAYS, Score, budget_text, scores
from assets.reports.slices import MAP_CONFIDENCE, Cell, Focus, Map, standing_out, version_by_region
from assets.reports.untrusted import sentence, shown

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
MOST_DURATION_FIGURES = 3


@dataclass(frozen=True)
class Section:
    """One part of the page; its id is the anchor that the contents and the takeaways link to."""

    id: str
    title: str


def render(data: ReportData) -> str:
    """The page of one report day, as text to be stored in UTF-8.

    With a failed check of severity error the page holds the data quality alone and says so in its headline.
    """
    found = scores(data)
    parts = {**_masthead(data, found), **_quality(data), "restated": None, "filter": None, "drawings": {}, "specifications": ""}
    drawn: list[Figure] = []
    if findings.failed_gate(data) is not None:
        parts["sections"] = [Section("quality", "Data quality")]
    else:
        drawn = _add_findings(parts, data, found, standing_out(data, found))
    script = _read("page.js")
    library = ""
    if drawn:
        from assets.reports import drawing

        library = drawing.library()
        parts["drawings"] = {each.id: drawing.svg(each.chart, prefix=each.id) for each in drawn}
        parts["specifications"] = _as_json({each.id: {"spec": drawing.spec(each.chart), "fit": each.fit} for each in drawn})
    scripts = [library, script] if drawn else []
    page: str = _environment().get_template("page.html.j2").render(
        **parts, policy=_policy(scripts), style=_style(data), library=library, script=script
    )  # fmt: skip
    return page


def _masthead(data: ReportData, found: tuple[Score, ...]) -> dict[str, Any]:
    states = [
        tables.check_state(severity=severity, passed=passed)
        for severity, passed in zip(data.checks["severity"], data.checks["passed"], strict=True)
    ]
    return {
        "day": numbers.day(data.report_date),
        "long_day": numbers.long_day(data.report_date),
        "headline": findings.headline(data, found),
        "is_refused": findings.failed_gate(data) is not None,
        "as_of": numbers.moment(data.as_of),
        "maturity": data.maturity,
        "maturity_word": data.maturity.capitalize(),
        "maturity_note": findings.maturity_note(data, found),
        "validation": _validation(states),
        "ledger_line": findings.ledger_line(data),
        "provenance": f"data {shown(data.inputs_sha256)[:8]} · "
        f"objectives {shown(data.objectives_sha256)[:8]} · code {shown(data.code_version)} · "
        f"revision {data.revision}",
        "revision": data.revision,
    }


def _validation(states: list[str]) -> dict[str, str]:
    total = len(states)
    if not states:
        return {"state": "warned", "text": "No checks recorded"}
    if "failed" in states:
        return {"state": "failed", "text": f"{states.count('failed')} of {numbers.plural(total, 'check')} failed"}
    if "warned" in states:
        return {"state": "warned", "text": f"{states.count('passed')} of {numbers.plural(total, 'check')} passed"}
    return {"state": "passed", "text": f"All {total} checks passed" if total > 1 else "The only check passed"}


def _add_findings(parts: dict[str, Any], data: ReportData, found: tuple[Score, ...], focus: Focus | None) -> list[Figure]:
    """Fills `parts` with all sections but the data quality; returns the figures to draw, in reading order."""
    sections = [Section("minute", "In one minute")]
    parts["takeaways"] = findings.takeaways(data, found, focus)
    parts.update(_scoreboard(found))
    if data.restated is not None:
        sections.append(Section("restated", f"Restated since revision {data.restated.revision}"))
        parts["restated"] = _restated(data.restated, found)
    drawn: list[Figure | None] = []
    if found:
        sections.append(Section("budget", "Error budgets"))
        parts["burndown"] = figures.budget_burndown(found)
        parts["budget_table"] = tables.budgets(found)
        parts["no_budget"] = f"No objective has the {numbers.FEWEST_FOR_A_RATE} upgrades it takes to draw a budget."
        drawn.append(parts["burndown"])
        sections.append(Section("alerts", alerts.TITLE))
        parts["alerts"] = alerts.section(data, found)
        sections.append(Section("alarm", alarm.TITLE))
        parts["alarm"] = alarm.section(data, found)
        sections.append(Section("changed", changes.TITLE))
        parts["changed"] = changes.section(data, found)
        drawn.append(parts["changed"]["figure"])
    if focus is not None:
        sections.append(Section("hurts", "Where it hurts"))
        drawn += _add_slices(parts, data, focus, sections)
    if found:
        sections.append(Section("screened", screened.TITLE))
        parts["screened"] = screened.section(data, found)
    thresholds = [score for score in found if score.objective.limits_durations]
    parts["survivals"] = durations.sections(data, found)
    quantiles = [
        figure
        for number, score in enumerate(thresholds[:MOST_DURATION_FIGURES], start=1)
        if (figure := figures.duration_quantiles(score, data.status, number=number)) is not None
    ]
    parts["durations"] = quantiles
    parts["overdue_title"] = findings.title_overdue(data)
    parts["overdue"] = tables.overdue(data) if data.overdue.height else None
    parts["unstarted"] = starts.section(data)
    parts["retries"] = retries.section(data)
    parts["claims"] = claims.section(data)
    parts["reasons"] = figures.failure_reasons(data.reasons)
    parts["api_features"] = api_features.section(data)
    parts["unknown_codes"] = tables.unknown_codes(data) if data.unknown_codes.height else None
    parts["unknown_codes_title"] = findings.title_unknown_codes(data) if data.unknown_codes.height else ""
    parts["distances"], parts["no_distance"] = support.distances(data, found), support.no_distance(data)
    sections.append(Section("distance", support.TITLE))
    sections += [Section("duration", "Durations"), Section("retries", retries.TITLE), Section("why", "Failure reasons")]
    sections += [Section("quality", "Data quality"), Section("methods", "Methods")]
    parts["methods"] = findings.methods(found)
    parts["sections"] = sections
    if focus is not None:
        parts["filter"] = _filter(data, focus.score)
    support.mark(parts, data)
    drawn += [each["figure"] for each in parts["survivals"]]
    return [figure for figure in [*drawn, *quantiles, parts["retries"]["figure"], parts["reasons"]] if figure is not None]


def _add_slices(parts: dict[str, Any], data: ReportData, focus: Focus, sections: list[Section]) -> list[Figure | None]:
    """Fills `parts` with the slices that stand out and the map; adds the map's section when there is one."""
    objective = focus.score.objective
    parts["excess"] = figures.excess_by_slice(focus)
    parts["no_excess"] = f"{focus.score.title}: {findings.title_excess(focus)}."
    parts["excess_note"] = findings.excess_note(focus)
    found = version_by_region(data.status, objective)
    if found is not None:
        sections.append(Section("map", "Version × region"))
        parts["map"] = _map(focus.score, found)
    return [parts["excess"]]


def _filter(data: ReportData, score: Score) -> dict[str, Any] | None:
    found = filters.slice_filter(data.status, score)
    if found is None:
        return None
    return {
        "choices": found.choices,
        "subject": f"{score.title}, {_window(score.objective.window_days)}",
        "note": found.note,
        "numbers": _as_json({"sentences": found.sentences, "absent": found.absent}),
    }


def _scoreboard(found: tuple[Score, ...]) -> dict[str, Any]:
    windows = {score.objective.window_days for score in found}
    confidences = {score.objective.confidence for score in found}
    return {
        "looks": [look.replace("d", f"{numbers.NARROW}d") for look in LOOK_BACKS],
        "window": _window(windows.pop()) if len(windows) == 1 else "",
        "confidence": numbers.percent(confidences.pop(), 0) if len(confidences) == 1 else "",
        "board": [_board_row(score, many_windows=len(windows) > 1, many=len(confidences) > 1) for score in found],
    }


def _window(days: int) -> str:
    return f"rolling {days} days" if days > 1 else "the report day"


def _board_row(score: Score, *, many_windows: bool, many: bool) -> dict[str, Any]:
    achieved, interval = findings.achieved(score)
    target = score.objective.target
    bar = None
    if score.has_rate and score.spent is not None and score.low is not None and score.high is not None:
        bar = micro.budget_bar(
            spent=score.spent,
            low=(1 - score.high) / (1 - target),
            high=(1 - score.low) / (1 - target),
            tone=score.tone,
        )
    ratios = [each.ratio for each in score.days[-SPARKLINE_DAYS:]]
    is_drawn = score.has_rate and any(ratio is not None for ratio in ratios)
    return {
        "title": score.title,
        "description": sentence(score.objective.description) if score.objective.description else "",
        "verdict": score.verdict,
        "tone": score.tone,
        "window": _window(score.objective.window_days) if many_windows else "",
        "achieved": achieved,
        "interval": interval,
        "confidence": numbers.percent(score.objective.confidence, 0) if many else "",
        "target": numbers.target_percent(target),
        "bar": bar,
        "spent": numbers.percent(score.spent, 0) if score.spent is not None else "",
        "no_bar": "not judged" if score.verdict in {"undecided", "no_data"} else f"{budget_text(score.allowed)} allowed",
        "burns": [_burn(score.burn[look]) for look in LOOK_BACKS],
        "spark": micro.sparkline(ratios, target=target, label=findings.sparkline_label(score)) if is_drawn else None,
        "sentence": findings.score_sentence(score),
    }


def _burn(rate: float | None) -> dict[str, Any]:
    if rate is None:
        return {"text": numbers.MISSING, "is_hot": False}
    return {"text": numbers.times(rate).removesuffix("×"), "is_hot": rate > 1}


def _map(score: Score, found: Map) -> dict[str, Any]:
    target = score.objective.target
    confidence = f"{round(MAP_CONFIDENCE * 100)}{numbers.NARROW}%"
    window = _window(score.objective.window_days)
    left_out = [
        numbers.plural(number, noun)
        for number, noun in ((found.versions_left_out, "version"), (found.regions_left_out, "region"))
        if number
    ]
    more = f" Not shown, with the fewest upgrades: {' and '.join(left_out)}." if left_out else ""
    return {
        "title": findings.title_map(found, target),
        "subtitle": f"{score.title}: share and counts of bad upgrades, {window}. "
        f"Coloured only where the whole {confidence} interval is on one side of the budget.{more}",
        "regions": [shown(region) for region in found.regions],
        "rows": [
            {"version": shown(version), "cells": [_map_cell(cell, target) for cell in row]}
            for version, row in zip(found.versions, found.rows, strict=True)
        ],
        "table": tables.map_cells(found.cells, target),
    }


def _map_cell(cell: Cell, target: float) -> dict[str, str]:
    region = shown(cell.region)
    if cell.tint == "none":
        return {"region": region, "tint": "none", "rate": numbers.MISSING, "counts": "", "title": ""}
    if cell.low is None or cell.high is None:
        return {
            "region": region,
            "tint": "few",
            "rate": f"n = {cell.total}",
            "counts": "",
            "title": "too few to judge",
        }
    rate, interval = tables.rate_cells(cell.bad, cell.total, cell.low, cell.high, target)
    return {
        "region": region,
        "tint": cell.tint,
        "rate": f"▲ {rate}" if cell.is_above else rate,
        "counts": f"{numbers.count(cell.bad)} of {numbers.count(cell.total)}",
        "title": f"{shown(cell.version)}, {region}: {interval}",
    }


def _restated(restated: Restated, found: tuple[Score, ...]) -> dict[str, Any]:
    changes = restated.deliveries
    return {
        "title": findings.title_moves(restated, found),
        "fleet": tables.moves(restated.fleet, found),
        "slices": tables.slice_moves(restated.slices, found),
        "causes": findings.title_causes(restated),
        "deliveries": None if changes is None else tables.delivery_changes(changes),
    }


def _quality(data: ReportData) -> dict[str, Any]:
    return {
        "checks": tables.checks(data),
        "checks_title": findings.title_checks(data),
        "ledger": tables.ledger(data),
        "not_upgrades": tables.not_upgrades(data),
        "not_upgrades_title": findings.title_not_upgrades(data),
        "other_operations": tables.other_operations(data),
        "other_operations_title": findings.title_other_operations(data),
        "quarantine": tables.quarantine(data),
        "quarantine_title": findings.title_quarantine(data),
    }


@functools.cache
def _environment() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(badge=micro.badge, glyph=micro.glyph)
    return environment


@functools.cache
def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _style(data: ReportData) -> str:
    """Tokens, layout, and the running foot of a printed page, which holds our own words only."""
    foot = f"Upgrade SLO, {numbers.day(data.report_date)}, {data.maturity}"
    face = f"font:8pt system-ui,sans-serif;color:{theme.TOKENS['ink-3'][0]}"
    page = (
        f'@page{{size:A4;margin:14mm 12mm 16mm;@bottom-left{{content:"{foot}";{face}}}'
        f'@bottom-right{{content:counter(page) " / " counter(pages);{face}}}}}'
    )
    return theme.css() + _read("page.css") + page


def _policy(scripts: list[str]) -> str:
    """Nothing is loaded from anywhere; of scripts only these two run, named by their hashes."""
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts]
    allowed = " ".join(hashes) if hashes else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _as_json(value: object) -> str:
    """JSON that cannot end the script element it stands in, whatever strings it carries."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
