"""One objective's standing: counts, interval, budget and burn, picked out of the status, ready to be worded.

Belongs here: which row answers which question, the whole-number arithmetic of the budget, and which objective
is the worst.
Does not belong here: sentences (`findings.py`), formats (`numbers.py`), judging (`assets/slo/`).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import numbers
from assets.reports.micro import STATES
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData
    from assets.slo.objectives import Objective

LOOK_BACKS = ("1d", "3d", "7d", "28d")
SPARKLINE_DAYS = 28
_ORDER = {"missed": 0, "undecided": 1, "no_data": 2, "met": 3}


@dataclass(frozen=True)
class Day:
    """Fleet counts of one objective on one start-day."""

    day: date
    good: int
    bad: int
    pending: int
    excluded: int

    @property
    def happened(self) -> bool:
        """Whether any operation started, decided or not."""
        return self.good + self.bad + self.pending + self.excluded > 0

    @property
    def ratio(self) -> float | None:
        """Share of good ones; None when nothing was decided."""
        decided = self.good + self.bad
        return self.good / decided if decided else None


@dataclass(frozen=True)
class Score:
    """The fleet row of one objective in its own window, with its look-backs and its days (oldest first).

    `burn` and `burn_total` are keyed by look-back: the burn rate (None when nothing happened) and the number
    of decided ones behind it. A ratio between `detectable_sli` and the target could have gone unseen (None: any could);
    `upgrades_needed` good ones in a row would meet it (None: not known). `days` covers every day from the earlier of
    28 days and the window's start.
    """

    objective: "Objective"
    title: str
    verdict: str
    good: int
    bad: int
    pending: int
    excluded: int
    sli: float | None
    low: float | None
    high: float | None
    detectable_sli: float | None
    upgrades_needed: int | None
    budget_allowed: float
    burn: dict[str, float | None]
    burn_total: dict[str, int]
    days: tuple[Day, ...]

    @property
    def total(self) -> int:
        """Decided operations, good or bad."""
        return self.good + self.bad

    @property
    def has_rate(self) -> bool:
        """Whether there are enough operations to print a rate and not only counts."""
        return self.total >= numbers.FEWEST_FOR_A_RATE and self.sli is not None

    @property
    def decimals(self) -> int:
        """Decimals of this objective's percentages."""
        return numbers.percent_decimals(self.objective.target, is_duration=self.objective.kind == "threshold")

    @property
    def tone(self) -> str:
        """The colour token of the verdict."""
        return STATES[self.verdict][1]

    @property
    def spent(self) -> float | None:
        """Share of the budget spent; None when nothing is allowed because nothing happened."""
        return self.bad / self.budget_allowed if self.budget_allowed > 0 else None

    @property
    def allowed(self) -> float:
        """The budget as it is printed: whole operations, with one decimal below ten. See `left`."""
        return printable_budget(self.budget_allowed)

    @property
    def left(self) -> float:
        """`allowed` minus the bad ones, negative when overspent; so that the printed numbers add up."""
        return self.allowed - self.bad

    @property
    def window_days(self) -> tuple[Day, ...]:
        """The days of the objective's own window."""
        return self.days[-self.objective.window_days :]


def printable_budget(allowed: float) -> float:
    """Allowed failures rounded for print: whole from ten up, one decimal below; no noise of floats."""
    exact = round(allowed, 9)
    return float(numbers.count(exact).replace(",", "")) if exact >= 10 else round(exact, 1)


def budget_text(value: float) -> str:
    """A printed budget: `1,179`, `0.6`, `5`."""
    return numbers.count(value) if abs(value - round(value)) < 1e-6 else numbers.amount(value, 1)


def scores(data: "ReportData") -> tuple[Score, ...]:
    """One score per objective, in the order of their files. A missing fleet row is a score of nothing."""
    titles = _titles(data.objectives)
    fleet = data.status.filter(pl.col("slice_by") == "")
    rows = {(row["slo"], row["window"]): row for row in fleet.iter_rows(named=True)}
    return tuple(_score(objective, title, rows, data) for objective, title in zip(data.objectives, titles, strict=True))


def worst(found: tuple[Score, ...]) -> Score | None:
    """The score to look at first: missed before undecided before met, then the most budget spent.

    Of equal verdicts those with enough operations for a rate come first; an undecided handful comes after the met
    ones, nothing at all last. None when there are no objectives.
    """
    if not found:
        return None
    rank = {"missed": 0, "undecided": 1, "met": 2, "no_data": 4}

    def key(score: Score) -> tuple[int, bool, float]:
        is_small = not score.has_rate
        place = 3 if is_small and score.verdict == "undecided" else rank[score.verdict]
        return place, is_small, -(score.spent or 0.0)

    return min(found, key=key)


def by_urgency(found: tuple[Score, ...]) -> list[Score]:
    """Missed, then those that cannot be told, then met; within each in file order."""
    return sorted(found, key=lambda score: _ORDER[score.verdict])


def tally(found: tuple[Score, ...]) -> tuple[int, int, int]:
    """How many objectives are missed, cannot be told, and met."""
    verdicts = Counter(score.verdict for score in found)
    return verdicts["missed"], verdicts["undecided"] + verdicts["no_data"], verdicts["met"]


def _titles(objectives: "tuple[Objective, ...]") -> list[str]:
    """Display names; two objectives that share one are told apart by their names."""
    names = [shown(objective.display_name or objective.name) for objective in objectives]
    repeated = {name for name, times in Counter(names).items() if times > 1}
    return [
        f"{name} ({shown(objective.name)})" if name in repeated else name
        for name, objective in zip(names, objectives, strict=True)
    ]


def _score(objective: "Objective", title: str, rows: dict[tuple[str, str], dict[str, Any]], data: "ReportData") -> Score:
    own = rows.get((objective.name, objective.window), {})
    looks = {window: rows.get((objective.name, window), {}) for window in LOOK_BACKS}
    return Score(
        objective=objective,
        title=title,
        verdict=own.get("verdict") or "no_data",
        good=own.get("good") or 0,
        bad=own.get("bad") or 0,
        pending=own.get("pending") or 0,
        excluded=own.get("excluded") or 0,
        sli=own.get("sli"),
        low=own.get("sli_low"),
        high=own.get("sli_high"),
        detectable_sli=own.get("detectable_sli"),
        upgrades_needed=own.get("upgrades_needed"),
        budget_allowed=own.get("budget_allowed") or 0.0,
        burn={window: row.get("burn_rate") for window, row in looks.items()},
        burn_total={window: row.get("total") or 0 for window, row in looks.items()},
        days=_days(objective, data),
    )


def _days(objective: "Objective", data: "ReportData") -> tuple[Day, ...]:
    known = {
        row["day"]: Day(row["day"], row["good"] or 0, row["bad"] or 0, row["pending"] or 0, row["excluded"] or 0)
        for row in data.daily.filter(pl.col("slo") == objective.name).iter_rows(named=True)
    }
    length = max(SPARKLINE_DAYS, objective.window_days)
    days = (data.report_date - timedelta(days=back) for back in reversed(range(length)))
    return tuple(known.get(day, Day(day, 0, 0, 0, 0)) for day in days)
