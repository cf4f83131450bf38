"""What the figures say, in sentences: the headline, the takeaways, a line per objective, titles of charts.

Belongs here: every sentence that depends on the data, for every state the data can be in.
Does not belong here: arithmetic, choice of rows (`scores.py`, `slices.py`), formats (`numbers.py`), markup.
A sentence never claims more than counts and a stored verdict do: where failures are, not why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.reports.maturity import FINAL
from assets.reports.micro import STATES
from assets.reports.numbers import (
    FEWEST_FOR_A_RATE,
    MISSING,
    NARROW,
    budget_percent,
    count,
    day,
    duration,
    interval,
    percent,
    percent_against,
    plural,
    target_percent,
    times,
)
from assets.reports.scores import SPARKLINE_DAYS, Score, budget_text, by_urgency, tally, worst
from assets.reports.slices import Focus, Map
from assets.reports.untrusted import shown
from assets.slo.alerts import FIRING

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData
    from assets.reports.restated import Figures, Restated

LONGEST_HEADLINE = 90
MOST_TAKEAWAYS = 3
# A day that spends this share of a window's budget is worth a look the next morning.
# Source: The Site Reliability Workbook, chapter "Alerting on SLOs" (2018), the 10 % row of its table.
NOTABLE_DAY = 0.10
_FILES = {
    "new": ("new file", "new files"),
    "delivered again": ("file delivered again", "files delivered again"),
    "changed": ("changed file", "changed files"),
    "gone": ("missing file", "missing files"),
}
_OTHER_INPUTS = {
    "inventory": "a changed inventory",
    "objectives": "changed objectives",
    "reference": "changed reference data",
    "code": "other software",
}
USUAL_DAYS = 20  # our choice: of the 27 days before, so that quiet weekends of a small fleet raise nothing


@dataclass(frozen=True)
class Takeaway:
    """One thing to do: what (begins with a verb), the evidence, and the section that shows it."""

    action: str
    evidence: str
    anchor: str


def failed_gate(data: "ReportData") -> str | None:
    """The first check of severity error that failed, or None: nothing on a page with one may be relied on."""
    failed = data.checks.filter((pl.col("severity") == "error") & ~pl.col("passed"))
    return shown(failed["check"][0]) if failed.height else None


def headline(data: "ReportData", found: tuple[Score, ...]) -> str:
    """The one sentence of the page: the worst verdict, with its counts while they fit into 90 characters."""
    gate = failed_gate(data)
    if gate is not None:
        return f"Do not use this report: {gate} failed."
    if not found:
        return "No objective is defined, so there is nothing to judge."
    if all(score.verdict == "no_data" for score in found):
        return "No data: no upgrade was decided in any objective's window."
    if not any(score.days[-1].happened for score in found):
        return f"No upgrades started on {day(data.report_date)}. {_standing(found, still=True)}"
    return _standing(found, still=False)


def _standing(found: tuple[Score, ...], *, still: bool) -> str:
    missed, unsure, met = tally(found)
    if missed > 1:
        if still:
            return f"{missed} of {len(found)} objectives still miss their targets."
        head = f"{missed} of {len(found)} objectives missed"
        first = worst(found)
        assert first is not None  # two objectives are missed
        return _fitting(f"{head}; worst is {first.title}: {_over(first)}.", f"{head}; worst is {first.title}.")
    if missed:
        first = next(score for score in found if score.verdict == "missed")
        goal = target_percent(first.objective.target)
        if still:
            return f"{first.title} still misses its {goal} target."
        head = f"{first.title} missed its {goal} target"
        return _fitting(
            f"{head}: {count(first.bad)} bad of {count(first.total)}, {_over(first)}.",
            f"{head}: {_over(first)}.",
            f"{head}.",
        )
    if unsure:
        return f"No objective missed; {unsure} cannot be judged yet."
    if still:
        return "Every objective is met over its window."
    tightest = min(found, key=lambda score: -(score.spent or 0.0))
    left = f"{budget_text(tightest.left)} of {budget_text(tightest.allowed)} failures left"
    if met == 1:
        return _fitting(
            f"{tightest.title} met its {target_percent(tightest.objective.target)} target with {left}.",
            f"The one objective is met with {left}.",
        )
    return f"All {met} objectives met; the tightest has {left}."


def _fitting(*candidates: str) -> str:
    return next((text for text in candidates if len(text) <= LONGEST_HEADLINE), candidates[-1])


def _over(score: Score) -> str:
    return f"{budget_text(-score.left)} over the {budget_text(score.allowed)} allowed"


def _budget(score: Score) -> str:
    if score.left < 0:
        return _over(score)
    return f"{budget_text(score.left)} of {budget_text(score.allowed)} left"


def score_sentence(score: Score) -> str:
    """The line under an objective: its counts, its budget, and what keeps it from a verdict or mends it."""
    one = "time slice" if score.objective.slice_seconds else "upgrade"  # what the budget counts
    if score.verdict == "no_data":
        waiting = [
            f"{count(number)} {word}" for number, word in ((score.pending, "pending"), (score.excluded, "excluded")) if number
        ]
        if waiting:
            return f"No {one} decided in the window: {' and '.join(waiting)}."
        return f"No {one} in the window."
    counts = f"{count(score.bad)} bad of {count(score.total)}"
    if score.verdict == "missed":
        return f"{counts}, {_over(score)}. {_today(score)}"
    if score.verdict == "met":
        return f"{counts}, {_budget(score)}."
    if score.total < FEWEST_FOR_A_RATE:
        return f"{counts} {one}s.{_needed(score)}"
    if score.low is not None and score.high is not None and score.low <= score.objective.target <= score.high:
        return f"{counts}, {_budget(score)}, but the interval still contains the target.{_unseen(score)}"
    return f"{counts}, {_budget(score)}; too close to the target to tell.{_unseen(score)}"


def _unseen(score: Score) -> str:
    if score.detectable_sli is None:
        return ""
    return f" A failure rate under {percent(1 - score.detectable_sli, score.decimals)} could have gone unseen."


def _today(score: Score) -> str:
    burn, total = score.burn["1d"], score.burn_total["1d"]
    if burn is None or total == 0:
        return "Nothing was decided today."
    if total < FEWEST_FOR_A_RATE:
        return f"Too few today to see a trend (n = {total})."
    return f"Today burns {times(burn)}, so it is recovering." if burn < 1 else f"Today still burns {times(burn)}."


def _needed(score: Score) -> str:
    if score.upgrades_needed is None:
        return ""
    goal = target_percent(score.objective.target)
    return f" At least {count(score.upgrades_needed)} clean ones in a row would be needed to show {goal}."


def achieved(score: Score) -> tuple[str, str]:
    """The ratio and its interval as they are printed; a count in place of a rate when there are too few."""
    if score.sli is None or score.low is None or score.high is None:
        return MISSING, ""
    if not score.has_rate:
        return f"n = {score.total}", ""
    ratio = percent_against(score.sli, score.objective.target, score.decimals)
    return ratio, interval(score.low, score.high, score.decimals)


def sparkline_label(score: Score) -> str:
    """What the daily sparkline shows, in words."""
    known = [each.ratio for each in score.days[-SPARKLINE_DAYS:] if each.ratio is not None]
    below = sum(ratio < score.objective.target for ratio in known)
    goal = target_percent(score.objective.target)
    return f"{score.title}: {below} of {plural(len(known), 'day')} with upgrades below {goal}"


def takeaways(data: "ReportData", found: tuple[Score, ...], focus: Focus | None) -> list[Takeaway]:
    """At most three things to do, the most urgent first; empty when nothing needs action today."""
    missed = [score for score in by_urgency(found) if score.verdict == "missed"]
    wanted: list[Takeaway] = []
    if focus is not None and focus.score in missed:
        wanted.append(_about_focus(focus))
        missed.remove(focus.score)
    elif focus is not None and focus.slices and FIRING in data.alerts["state"]:  # a budget burns that is not spent yet
        wanted.append(_about_focus(focus))
    if missed:
        first = max(missed, key=lambda score: score.spent or 0.0)
        wanted.append(Takeaway(f"Look into {first.title} as well.", score_sentence(first), "budget"))
    wanted += [
        *_about_silence(data, found),
        *_about_overdue(data),
        *(_about_day(score) for score in found if score.verdict != "missed" and _is_notable(score)),
        *_about_checks(data),
        *_about_quarantine(data),
    ]
    return wanted[:MOST_TAKEAWAYS]


def _about_focus(focus: Focus) -> Takeaway:
    score = focus.score
    goal = target_percent(score.objective.target)
    if not focus.slices:
        return Takeaway(
            f"Look at the whole fleet for {score.title}.",
            f"{count(score.bad)} bad of {count(score.total)}, but no single slice misses {goal} on its own.",
            "hurts",
        )
    first = focus.slices[0]
    return Takeaway(
        f"Look at {first.name} first.",
        f"{count(first.bad)} bad of {count(first.total)}, {budget_text(first.excess)} more than {goal} "
        "allows. This is where, not why: slices overlap.",
        "hurts",
    )


def _about_silence(data: "ReportData", found: tuple[Score, ...]) -> list[Takeaway]:
    """A day without upgrades in a fleet that has them on most days is more likely a missing delivery."""
    if not found or any(score.days[-1].happened for score in found):
        return []
    earlier = list(zip(*(score.days[-SPARKLINE_DAYS:-1] for score in found), strict=True))
    active = sum(any(each.happened for each in same_day) for same_day in earlier)
    if 0 < active < USUAL_DAYS:
        return []
    usual = f"{active} of the {len(earlier)} days before had some" if active else "nor in the four weeks before"
    return [Takeaway("Check that deliveries arrive.", f"No upgrade started on {day(data.report_date)}; {usual}.", "quality")]


def _about_overdue(data: "ReportData") -> list[Takeaway]:
    if data.overdue.is_empty():
        return []
    oldest = data.overdue.row(0, named=True)
    number = data.overdue_count
    return [
        Takeaway(
            f"Unblock {plural(number, 'upgrade')} running longer than 24{NARROW}h.",
            f"{'The oldest, on' if number > 1 else 'It is on'} cluster {shown(oldest['cluster_id'])} in "
            f"{shown(oldest['region'])}, started {duration(oldest['age_seconds'])} ago.",
            "overdue",
        )
    ]


def _is_notable(score: Score) -> bool:
    today = score.days[-1]
    decided = today.good + today.bad
    return (
        decided >= FEWEST_FOR_A_RATE
        and score.budget_allowed > 0
        and today.bad / score.budget_allowed >= NOTABLE_DAY
        and today.bad / decided > 1 - score.objective.target
    )


def _about_day(score: Score) -> Takeaway:
    today = score.days[-1]
    return Takeaway(
        f"Watch {score.title}.",
        f"{day(today.day)} alone spent {percent(today.bad / score.budget_allowed, 0)} of its budget: "
        f"{count(today.bad)} bad of {count(today.good + today.bad)}.",
        "budget",
    )


def _about_checks(data: "ReportData") -> list[Takeaway]:
    warned = data.checks.filter((pl.col("severity") == "warning") & ~pl.col("passed"))
    if warned.is_empty():
        return []
    first = warned.row(0, named=True)
    return [
        Takeaway(
            f"Check {plural(warned.height, 'data-quality warning')}.",
            f"{shown(first['check'])}: observed {shown(first['observed'])}, rule {shown(first['rule'])}.",
            "quality",
        )
    ]


def _about_quarantine(data: "ReportData") -> list[Takeaway]:
    today = data.quarantine.filter(pl.col("quarantined_today") > 0).sort(
        "quarantined_today", descending=True, maintain_order=True
    )
    if today.is_empty():
        return []
    number = int(today["quarantined_today"].sum())
    first = today.row(0, named=True)
    return [
        Takeaway(
            f"Mend the sender of {plural(number, 'quarantined record')}.",
            f"Delivered today; most often {shown(first['reason'])} in {shown(first['source'])}, "
            f"{count(first['quarantined_today'])}.",
            "quality",
        )
    ]


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 4 more`."""
    head = list(names) if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return head[0] if len(head) == 1 else f"{', '.join(head[:-1])} and {head[-1]}"


def title_budget(found: Sequence[Score]) -> str:
    """What the burn-down panels show; `found` are the objectives that are drawn."""
    spent = [score for score in found if score.bad > score.budget_allowed]
    if len(spent) == 1:
        since = _spent_by(spent[0])
        when = f" by {day(since, year=False)}" if since else ""
        return f"{spent[0].title} had spent its whole budget{when}"
    if spent:
        names = listed([score.title for score in spent])
        return f"{len(spent)} of {len(found)} objectives have spent their budgets: {names}"
    tightest = max(found, key=lambda score: score.spent or 0.0)
    least = f"{budget_text(tightest.left)} of {budget_text(tightest.allowed)}"
    if len(found) == 1:
        return f"{tightest.title} has {least} left"
    return f"Every objective drawn has budget left; {tightest.title} has the least, {least}"


def _spent_by(score: Score) -> date | None:
    """The first day by which all that the window allows was used; None if before the counted days."""
    remaining = score.budget_allowed - (score.bad - sum(each.bad for each in score.window_days))
    for each in score.window_days:
        remaining -= each.bad
        if remaining < 0:
            return each.day
    return None


def title_excess(focus: Focus) -> str:
    """Where the bad ones are, or that no slice stands out."""
    objective = focus.score.objective
    goal = target_percent(objective.target)
    if focus.slices:
        first = focus.slices[0]
        return f"{first.name}: {budget_text(first.excess)} more bad upgrades than its {goal} target allows"
    if focus.is_one:
        return "every slice with enough upgrades is the whole fleet; there is nothing to set apart"
    if focus.judged == 0:
        return f"no slice has the {objective.min_events} upgrades it takes to be judged"
    return f"no slice stands out; none of the {count(focus.judged)} judged misses {goal} on its own"


def excess_note(focus: Focus) -> str:
    """How to read the list: what chance would give, how the named slice was chosen, what is not claimed."""
    expected = max(focus.judged * (1 - focus.score.objective.confidence), 1)
    return (
        f"Of {plural(focus.judged, 'judged slice')}, up to {count(expected)} would miss by chance alone if "
        "every one ran exactly at the target. Ordered by how far each is beyond chance; a slice that holds, or lies in, "
        "one further up is in the table only. This shows where bad upgrades gather, not why."
    )


def title_map(found: Map, target: float) -> str:
    """How many cells are clear of the budget, and which."""
    budget = budget_percent(target)
    cells = found.cells
    above = sorted((cell for cell in cells if cell.is_above), key=lambda cell: -cell.bad / cell.total)
    able = [cell for cell in cells if cell.tint != "few"]
    if above:
        names = listed([f"{shown(cell.version)} in {shown(cell.region)}" for cell in above])
        verb = "is" if len(above) == 1 else "are"
        return f"{len(above)} of {plural(len(cells), 'cell')} {verb} clearly above the {budget} budget: {names}"
    if not able:
        return f"No cell has the {FEWEST_FOR_A_RATE} upgrades it takes to show a rate"
    return f"No cell is clearly above the {budget} budget"


def title_durations(score: Score, verdicts: Sequence[tuple[str, str]]) -> str:
    """How fleet and scopes stand against the time limit; `verdicts`: (scope, verdict) without the fleet."""
    goal = duration_goal(score)
    missing = [scope for scope, verdict in verdicts if verdict == "missed"]
    fleet = {
        "met": f"the fleet meets {goal}",
        "missed": f"the fleet misses {goal}",
        "undecided": f"too close to tell for {goal}",
        "no_data": "no upgrade was decided",
    }[score.verdict]
    if missing and score.verdict == "missed":
        return f"{score.title}: {fleet}, and so {_do(missing)} {listed(missing)}"
    if missing:
        return f"{score.title}: {fleet}; {listed(missing)} {'misses' if len(missing) == 1 else 'miss'} it"
    return f"{score.title}: {fleet}"


def _do(names: Sequence[str]) -> str:
    return "does" if len(names) == 1 else "do"


def duration_goal(score: Score) -> str:
    """`95 % within 60 min`."""
    objective = score.objective
    assert objective.value is not None  # threshold objectives carry one
    limit = duration(objective.value)
    words = {"lte": f"within {limit}", "lt": f"in less than {limit}"}
    goal = words.get(objective.op or "lte") or f"taking {'at least' if objective.op == 'gte' else 'more than'} {limit}"
    return f"{target_percent(objective.target)} {goal}"


def title_reasons(reasons: pl.DataFrame) -> str:
    """The most common reason with its share in counts."""
    total = int(reasons["failed_count"].sum())
    first = reasons.sort("failed_count", "error_category", descending=[True, False]).row(0, named=True)
    return (
        f"{shown(first['error_category'])} is the most common reason: "
        f"{count(first['failed_count'])} of {plural(total, 'failed upgrade')}"
    )


def maturity_note(data: "ReportData", found: tuple[Score, ...]) -> str:
    """Which day's report will show these figures settled, and how much is still open; empty for a final one."""
    if data.settled_on is None or data.maturity == FINAL:
        return ""
    pending = max((score.pending for score in found), default=0)
    still = f"{plural(pending, 'upgrade')} still running" if pending else "none still running"
    return f"settled in the report of {day(data.settled_on)}; {still}"


def ledger_line(data: "ReportData") -> str:
    """Every record accounted for, as the sum it is."""
    names = ("records", "accepted", "duplicate", "quarantined", "not_an_upgrade")
    records, accepted, duplicate, quarantined, other = (int(data.ledger[name].sum()) for name in names)
    balance = "=" if records == accepted + duplicate + quarantined + other else "≠"
    return (
        f"{plural(records, 'record')} {balance} {count(accepted)} accepted + {count(duplicate)} duplicate + "
        f"{count(quarantined)} quarantined" + (f" + {count(other)} not an upgrade" if other else "")
    )


def title_overdue(data: "ReportData") -> str:
    """How many run for too long."""
    if data.overdue.is_empty():
        return f"No upgrade has been running longer than 24{NARROW}h"
    return f"{plural(data.overdue_count, 'upgrade')} running longer than 24{NARROW}h, oldest first"


def title_checks(data: "ReportData") -> str:
    """How many checks passed, and how many only warned."""
    if data.checks.is_empty():
        return "No checks were recorded"
    passed = int(data.checks["passed"].sum())
    failed = data.checks.filter(~pl.col("passed"))
    warnings = failed.filter(pl.col("severity") == "warning").height
    errors = failed.height - warnings
    if not failed.height:
        return "The only check passed" if passed == 1 else f"All {passed} checks passed"
    named = [plural(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    return f"{passed} of {plural(data.checks.height, 'check')} passed; {' and '.join(named)}"


def title_quarantine(data: "ReportData") -> str:
    """How many records were refused, ever and lately."""
    total, lately = int(data.ledger["quarantined"].sum()), int(data.quarantine["quarantined"].sum())
    if not total:
        return "No record is in quarantine"
    if not lately:
        return f"{plural(total, 'record')} in quarantine; none delivered in the last 28 days"
    today = int(data.quarantine["quarantined_today"].sum())
    return f"{plural(total, 'record')} in quarantine; {count(lately)} delivered in the last 28 days, {count(today)} today"


def title_not_upgrades(data: "ReportData") -> str:
    """How many records of the last days were understood and are about something else."""
    number = int(data.not_upgrades["records"].sum())
    return f"{plural(number, 'record')} of the last 28 days {'is' if number == 1 else 'are'} about something else than upgrades"


def title_other_operations(data: "ReportData") -> str:
    """How many operations turned out to be no upgrades only when all that is known of them was put together."""
    number = int(data.other_operations["operations"].sum())
    them, what = ("it", "no upgrade") if number == 1 else ("each", "no upgrades")
    return (
        f"{plural(number, 'operation')} of the last 28 days turned out to be {what} once all facts about {them} were put together"
    )


def title_unknown_codes(data: "ReportData") -> str:
    """How many failures have codes that the table of error codes does not know; there is at least one."""
    first = data.unknown_codes.row(0, named=True)
    failed = plural(first["failed_in_all"], "failed upgrade has", "failed upgrades have")
    return f"{failed} {plural(first['codes'], 'error code')} that nobody has classified yet"


def title_moves(restated: "Restated", found: Sequence[Score]) -> str:
    """Which verdict a revision changed, or how many; without any, how many objectives have other figures."""
    moved = {(each.slo, each.window): each for each in restated.fleet}
    own = [(score.title, moved.get((score.objective.name, score.objective.window))) for score in found]
    changed = [(title, each.before, each.after) for title, each in own if each and each.has_other_verdict]
    if len(changed) == 1:
        [(title, before, after)] = changed
        return f"The verdict of {title} was {_quoted(before)} and is {_quoted(after)}"
    if changed:
        titles = listed([title for title, _, _ in changed])
        return f"{len(changed)} of {plural(len(found), 'objective')} have another verdict than before: {titles}"
    if not moved:
        return "No figure of the fleet moved"
    slos = {slo for slo, _ in moved}
    return f"Every verdict is as before; figures of {len(slos)} of {plural(len(found), 'objective')} moved"


def _quoted(figures: "Figures | None") -> str:
    return f"“{STATES[figures.verdict][0]}”" if figures else "not there"


def title_causes(restated: "Restated") -> str:
    """Because of which deliveries and other inputs a revision takes the place of another."""
    changes = {} if restated.deliveries is None else dict(restated.deliveries["change"].value_counts().iter_rows())
    causes = [plural(changes.pop(change), *words) for change, words in _FILES.items() if change in changes]
    if changes:
        causes.append(plural(sum(changes.values()), "file that counts otherwise", "files that count otherwise"))
    causes += [_OTHER_INPUTS.get(name, f"another {name}") for name in restated.inputs]
    if causes:
        return f"Because of {listed(causes, most=len(causes))}"
    if restated.deliveries is None:
        return f"It was not recorded which files revision {restated.revision} rests on"
    return "All inputs are the same; the report came out otherwise"


def methods(found: tuple[Score, ...]) -> list[tuple[str, str]]:
    """The definitions a reader needs to check a number by hand: (term, meaning)."""
    deadlines = sorted({score.objective.deadline_seconds for score in found})
    limit = " or ".join(duration(seconds) for seconds in deadlines) or f"24{NARROW}h"
    return [
        (
            "Upgrade",
            "One operation: one attempt to bring one control plane, node pool, node image or add-on to a "
            "version. It belongs to the UTC day it started.",
        ),
        (
            "Good, bad, pending, excluded",
            "Good: it succeeded in time and as the objective asks. Bad: it failed, or succeeded otherwise, "
            f"or has been running past its deadline ({limit}). Pending: still within it. Excluded: "
            "cancelled, superseded, skipped, or only scheduled.",
        ),
        ("Achieved", "good ÷ (good + bad). Pending and excluded upgrades are in neither."),
        (
            "Error budget",
            f"Allowed = (1 − target) × (good + bad) in the window. Spent = bad ÷ allowed; it may exceed 100{NARROW}%.",
        ),
        (
            "Burn rate",
            "(bad ÷ (good + bad)) ÷ (1 − target) over the last 1, 3, 7 or 28 days. At 1 the budget is spent "
            "exactly when the window ends.",
        ),
        (
            "Verdict",
            "Met or missed only when the one-sided Clopper–Pearson bound is on that side of the target; "
            "otherwise it cannot be told yet. Drawn intervals are two-sided Wilson intervals.",
        ),
        (
            "Slices",
            "Every combination of the dimensions an objective slices by. They overlap: one bad upgrade is in "
            f"many. Below {FEWEST_FOR_A_RATE} upgrades only counts are printed.",
        ),
        (
            "Durations",
            f"From start to finish of upgrades that succeeded, exact within 1{NARROW}%. Running and failed "
            "ones have no duration and count through the verdict.",
        ),
        (
            "Finished by a time",
            "Kaplan–Meier, with a log-log band: running upgrades count until now, failed ones too, as never finished, cancelled "
            "ones until they were. Exact bounds: good ÷ all but those, and the same with running ones that can still be good.",
        ),
        (
            "Begun on time",
            "By the time from the scheduled moment to the start, whatever came of it; one that began early is good. Pending: not "
            "begun, and within the limit still. Excluded: never scheduled, called off before it began, or of unknown start.",
        ),
        (
            "Reached in the end",
            "Of the upgrades of one resource whose first attempt is decided, those of which any attempt has succeeded so far. "
            "A retry is a later attempt of the same upgrade on the same resource.",
        ),
        (
            "Risk ratio",
            "The bad share of some upgrades ÷ that of all others, with its score interval (Koopman). Which ones stand out is "
            "decided as for slices: exact tests, in a list of which at most 1 in 10 is expected to be there by chance.",
        ),
    ]
