"""What changed since yesterday: the window of every objective against the same window a day earlier, both as known now.

Belongs here: which change is drawn, its steps, and the words and numbers of all of them.
Does not belong here: taking a change apart (`assets/health/change.py`), counting both windows (`model.py`), drawing
(`charts.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.health.change import Change, change_of
from assets.reports.figures import Figure
from assets.reports.findings import listed
from assets.reports.micro import STATES
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, day, percent_against, points
from assets.reports.scores import Score
from assets.reports.slices import DIMENSIONS
from assets.reports.tables import MOST_ROWS, Column, Row, Table

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

TITLE = "What changed since yesterday"
_DECIMALS = 3  # of percentage points: a day moves a window of 28 by little
_STEPS = {
    "rate": "Slices did better or worse",
    "mix": "Upgrades in other slices than before",
    "entered": "Slices that entered",
    "left": "Slices that left",
}
# The part that most of a change is: when it is a gain, and when it is a loss.
_MOSTLY = {
    "rate": ("slices did better", "slices did worse"),
    "mix": ("more upgrades went to slices that do better", "more upgrades went to slices that do worse"),
    "entered": ("slices entered that do better than the others", "slices entered that do worse than the others"),
    "left": ("slices left that did worse than the others", "slices left that did better than the others"),
}


@dataclass(frozen=True)
class Moved:
    """One objective on both sides; `change` is None when nothing was decided on one of them.

    `replaced`: the ratio that the replaced revision of this report had, None when there is none or it was the same.
    """

    score: Score
    total_before: int
    total: int
    verdict_before: str
    change: Change | None
    replaced: float | None

    @property
    def has_rates(self) -> bool:
        """Whether both sides have as many operations as a rate is printed for."""
        return self.change is not None and min(self.total, self.total_before) >= FEWEST_FOR_A_RATE

    @property
    def has_moved(self) -> bool:
        """Whether any part of the change is other than nothing."""
        return self.change is not None and any(self.change.parts.values())

    @property
    def size(self) -> tuple[bool, float]:
        """A verdict that is another moved further than any ratio."""
        difference = abs(self.change.after - self.change.before) if self.change else 0.0
        return self.score.verdict != self.verdict_before, difference


def section(data: "ReportData", found: Sequence[Score]) -> dict[str, Any]:
    """The `figure` of the objective that moved most, None when there is `nothing` to draw; the `table` of all, and a `note`."""
    every = [_moved(score, data) for score in found]
    able = [each for each in every if each.has_rates]
    most = max(able, key=lambda each: each.size, default=None)
    yesterday = data.report_date - timedelta(days=1)
    if not any(each.total_before for each in every):
        nothing = f"No earlier report to compare with: nothing had been decided in any window by {day(yesterday)}."
    elif most is None:
        nothing = f"No objective has the {FEWEST_FOR_A_RATE} upgrades on both days that it takes to compare rates."
    else:
        nothing = "No objective's ratio moved since the day before, nor did any part of it."
    note = (
        f"Each objective's window up to {day(data.report_date)} against the same window up to {day(yesterday)}. Both sides are "
        "as known now, from the same deliveries; the earlier report could not know what was delivered after it. The parts add up "
        "to the change, and depend on the slicing, which is the finest that the objective names. They say where it changed, not "
        "why."
    )
    figure = _figure(most, data) if most is not None and (most.has_moved or most.replaced is not None) else None
    return {"figure": figure, "nothing": nothing, "table": _table(every), "note": note}


def title_change(moved: Moved) -> str:
    """From what to what the ratio went, in which part most of that lies, and which verdict came of it."""
    assert moved.change is not None  # one with rates on both sides
    change = moved.change
    ratios = f"{_ratio(change.before, moved.total_before, moved.score)} became {_ratio(change.after, moved.total, moved.score)}"
    went = f"{ratios} ({points(change.after - change.before, _DECIMALS)}), {_mostly(change)}"
    if moved.score.verdict != moved.verdict_before:
        before, after = (STATES[verdict][0] for verdict in (moved.verdict_before, moved.score.verdict))
        return f"{moved.score.title} went from “{before}” to “{after}”: {went}"
    return f"{moved.score.title}: {went}"


def _mostly(change: Change) -> str:
    difference = change.after - change.before
    if not difference:
        return "the parts cancel out" if any(change.parts.values()) else "no part moved it"
    largest = max(change.parts, key=lambda name: change.parts[name] * (1 if difference > 0 else -1))
    return f"mostly as {_MOSTLY[largest][difference < 0]}"


def _moved(score: Score, data: "ReportData") -> Moved:
    from assets.slo.intervals import verdict

    objective = score.objective
    own = data.shifted.filter(pl.col("slo") == objective.name)
    good, bad, good_before, bad_before = (own[name].to_numpy() for name in ("good", "bad", "good_before", "bad_before"))
    replaced = None
    for each in data.restated.fleet if data.restated else ():
        if (each.slo, each.window) == (objective.name, objective.window) and each.before and each.after:
            has_rate = each.before.total >= FEWEST_FOR_A_RATE and each.before.sli != each.after.sli
            replaced = each.before.sli if has_rate else None
    return Moved(
        score=score,
        total_before=int((good_before + bad_before).sum()),
        total=int((good + bad).sum()),
        verdict_before=verdict(good_before.sum(), bad_before.sum(), objective.target, objective.confidence).item(),
        change=change_of(good_before=good_before, total_before=good_before + bad_before, good=good, total=good + bad),
        replaced=replaced,
    )


def _figure(moved: Moved, data: "ReportData") -> Figure:
    from assets.reports import charts

    steps = _steps(moved, data)
    title = title_change(moved)
    revised = "" if moved.replaced is None else " On top: what the revision that this one replaces had for the same day."
    return Figure(
        id="change",
        title=title,
        subtitle=f"The objective that moved most, by {_slicing(moved.score)}. Diamonds: share of good upgrades in the window; "
        f"bars: how far each part moved it.{revised} The scale does not begin at zero.",
        description=f"Waterfall chart of {len(steps)} steps. {title}.",
        chart=charts.change_waterfall(pl.DataFrame(steps)),
        table=Table(
            f"{moved.score.title}, step by step",
            (Column("Step"), Column("Value", "number")),
            tuple(Row((step["step"], step["value_text"]), is_total=step["kind"] == "total") for step in steps),
        ),
        fit={"kind": "width"},
    )


def _steps(moved: Moved, data: "ReportData") -> list[dict[str, Any]]:
    """The rows of the waterfall from top to bottom; each part begins where the one above it ended."""
    assert moved.change is not None
    change, score = moved.change, moved.score
    steps: list[dict[str, Any]] = []

    def total(name: str, ratio: float, decided: int) -> None:
        add(name, ratio, ratio, "total", _ratio(ratio, decided, score))

    def part(name: str, start: float, difference: float) -> None:
        kind = "better" if difference > 0 else "worse" if difference < 0 else "same"
        add(name, start, start + difference, kind, points(difference, _DECIMALS))

    def add(name: str, start: float, end: float, kind: str, text: str) -> None:
        label = f"{name}: {text}"
        steps.append({
            "rank": len(steps), "step": name, "label": label, "start": start, "end": end, "kind": kind, "value_text": text,
        })  # fmt: skip

    if moved.replaced is not None and data.restated is not None:
        total(f"{day(data.report_date)}, in revision {data.restated.revision}", moved.replaced, moved.total)
        part("Restated", moved.replaced, change.after - moved.replaced)
    total(day(data.report_date - timedelta(days=1)), change.before, moved.total_before)
    reached = change.before
    for name, difference in change.parts.items():
        part(_STEPS[name], reached, difference)
        reached += difference
    total(day(data.report_date), change.after, moved.total)
    return steps


def _table(every: Sequence[Moved]) -> Table:
    rows = [_row(each) for each in every[:MOST_ROWS]]
    heads = ("Day before", "Report day", "Change", "Rate", "Mix", "Entered", "Left")
    columns = (Column("Objective"), Column("Sliced by"), *(Column(head, "number") for head in heads), Column("In words"))
    left_out = f" The first {MOST_ROWS} of {count(len(every))} objectives." if len(every) > MOST_ROWS else ""
    return Table(
        "Change of every objective since the day before",
        columns,
        tuple(rows),
        "Rate: slices did better or worse. Mix: upgrades went to other slices. Entered, left: slices that only one of the two "
        f"windows has.{left_out}",
    )


def _row(moved: Moved) -> Row:
    change, score = moved.change, moved.score
    ratios = [_ratio(None, decided, score) for decided in (moved.total_before, moved.total)]
    differences, words = [MISSING] * 5, MISSING
    if change is not None:
        ratios = [_ratio(change.before, moved.total_before, score), _ratio(change.after, moved.total, score)]
    if change is not None and moved.has_rates:
        differences = [points(each, _DECIMALS) for each in (change.after - change.before, *change.parts.values())]
        words = _mostly(change)
    if score.verdict != moved.verdict_before:
        before, after = (STATES[verdict][0] for verdict in (moved.verdict_before, score.verdict))
        words = f"from “{before}” to “{after}”" + ("" if words == MISSING else f", {words}")
    return Row((score.title, _slicing(score), *ratios, *differences, words))


def _ratio(ratio: float | None, decided: int, score: Score) -> str:
    if decided < FEWEST_FOR_A_RATE or ratio is None:
        return f"n = {count(decided)}" if decided else MISSING
    return percent_against(ratio, score.objective.target, score.decimals)


def _slicing(score: Score) -> str:
    """`version, region and workload`."""
    names = [DIMENSIONS[dimension] for dimension in score.objective.slice_by]
    return listed(names, most=len(names)) if names else "nothing: the fleet as a whole"
