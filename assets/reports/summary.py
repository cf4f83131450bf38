"""The report in ten lines of plain text, and its scoreboard as Markdown: for e-mail, chat and the run's page.

Belongs here: line formats, their widths, and what is left out when a line or the whole would grow too long.
Does not belong here: the choice of what is worst or stands out (`scores.py`, `slices.py`), HTML (`page.py`).
Every string from data loses what could forge a line or mention somebody (`untrusted.py`).
"""

from typing import TYPE_CHECKING

from assets.reports import alerts, findings
from assets.reports.micro import STATES
from assets.reports.numbers import NARROW, count, target_percent, times
from assets.reports.scores import Score, budget_text, by_urgency, scores, tally
from assets.reports.slices import standing_out
from assets.reports.untrusted import for_chat, for_markdown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

WIDEST = 100
MOST_OBJECTIVES = 6
_NAME_WIDTH = 29


def summary_text(data: "ReportData") -> str:
    """At most ten lines of at most 100 characters: totals, one per objective (missed first), alerts when any fires, where, data.

    More than six objectives: the last ones share a line. With a failed gate there is no verdict in it at all.
    """
    gate = findings.failed_gate(data)
    if gate is not None:
        head = f"Upgrade SLO {data.report_date} DO NOT USE: {for_chat(gate)} failed"
        return "\n".join(_cut(line) for line in (head, _data_line(data))) + "\n"
    found = scores(data)
    missed, unsure, met = tally(found)
    lines = [f"Upgrade SLO {data.report_date}, {for_chat(data.maturity)}: {missed} missed, {unsure} cannot tell yet, {met} met"]
    ordered = by_urgency(found)
    alone = ordered if len(ordered) <= MOST_OBJECTIVES else ordered[: MOST_OBJECTIVES - 1]
    lines += [_objective_line(score) for score in alone]
    if len(alone) < len(ordered):
        lines.append(_others_line(ordered[len(alone) :]))
    firing = alerts.summary_line(data, found)
    lines += [*([for_chat(firing.replace(NARROW, " "))] if firing else []), _where_line(data, found), _data_line(data)]
    return "\n".join(_cut(line) for line in lines) + "\n"


def scoreboard_markdown(data: "ReportData") -> str:
    """The scoreboard as a Markdown table: verdict, objective, achieved (interval), target, budget, burn."""
    gate = findings.failed_gate(data)
    if gate is not None:
        return f"Do not use this report: {for_markdown(gate)} failed."
    lines = [
        "| Verdict | Objective | Achieved | Target | Error budget | Burn 1 d |",
        "|---|---|---|---|---|---|",
    ]
    for score in scores(data):
        achieved, interval = findings.achieved(score)
        cells = (
            f"{STATES[score.verdict][3]} {STATES[score.verdict][0]}",
            for_markdown(score.title),
            f"{achieved} ({interval})" if interval else achieved,
            target_percent(score.objective.target),
            _budget(score),
            "–" if score.burn["1d"] is None else times(score.burn["1d"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _objective_line(score: Score) -> str:
    """`[X]  Upgrade success  98.88% (target 99.0%)  146 over 1,179  burn 1d 0.7 28d 1.1`, made to fit."""
    achieved = findings.achieved(score)[0].replace(NARROW, "") if score.has_rate else "-"
    goal = target_percent(score.objective.target, fewest_decimals=1).replace(NARROW, "")
    name = for_chat(score.title)
    if len(name) >= _NAME_WIDTH:
        name = name[: _NAME_WIDTH - 2] + "…"
    head = f"{STATES[score.verdict][3]:<5}{name:<{_NAME_WIDTH}}{achieved:>8} (target {goal})  {_budget(score)}"
    burns = [
        f"{window} {times(rate).removesuffix('×')}"
        for window in ("1d", "28d")
        if score.has_rate and (rate := score.burn[window]) is not None
    ]
    while burns and len(head) + 7 + len(" ".join(burns)) > WIDEST:
        burns.pop()
    return f"{head}  burn {' '.join(burns)}" if burns else head


def _budget(score: Score) -> str:
    if not score.has_rate and score.verdict in {"undecided", "no_data"}:
        return f"n={score.total}"
    if score.left < 0:
        return f"{budget_text(-score.left)} over {budget_text(score.allowed)}"
    return f"{budget_text(score.left)} of {budget_text(score.allowed)} left"


def _others_line(rest: list[Score]) -> str:
    missed, unsure, met = tally(tuple(rest))
    names = ", ".join(for_chat(score.title) for score in rest)
    if met == len(rest):
        return f"{STATES['met'][3]:<5}{met} others met: {names}"
    counted = [(missed, "missed"), (unsure, "cannot tell yet"), (met, "met")]
    verdicts = ", ".join(f"{number} {word}" for number, word in counted if number)
    return f"{STATES[rest[0].verdict][3]:<5}{len(rest)} others, {verdicts}: {names}"


def _where_line(data: "ReportData", found: tuple[Score, ...]) -> str:
    focus = standing_out(data, found)
    if focus is None or not focus.slices:
        return "Where: no slice stands out"
    first = focus.slices[0]
    more = f"  +{budget_text(first.excess)} bad of {count(first.total)}, {budget_text(first.allowed)} allowed"
    name = for_chat(first.name)
    room = WIDEST - len("Where: ") - len(more)
    return f"Where: {name if len(name) <= room else name[: room - 1] + '…'}{more}"


def _data_line(data: "ReportData") -> str:
    """Checks passed, the ledger as a sum, and the first eight digits of the inputs' hash."""
    names = ("records", "accepted", "duplicate", "quarantined", "not_an_upgrade")
    records, accepted, duplicate, quarantined, other = (int(data.ledger[name].sum()) for name in names)
    parts = [
        f"Data: {int(data.checks['passed'].sum())}/{data.checks.height} gates",
        f"{count(records)} = {count(accepted)} + {count(duplicate)} dup + {count(quarantined)} quarantined"
        + (f" + {count(other)} other" if other else ""),
        f"data {for_chat(data.inputs_sha256)[:8]}",
        "report attached",
    ]
    while len("; ".join(parts)) > WIDEST:
        parts.pop()
    return "; ".join(parts)


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"
