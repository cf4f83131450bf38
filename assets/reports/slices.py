"""Which slices of an objective stand out: their names, their excess, and the version × region map.

Belongs here: picking and ordering the status rows of slices, and the class of a map cell.
Does not belong here: judging a slice (the status carries its verdict), naming a cause, sentences.
That goes to `assets/slo/` and `findings.py`. Slices overlap: one failed upgrade is in many of them.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import numbers
from assets.reports.scores import Score, printable_budget, worst
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData
    from assets.slo.objectives import Objective

# status column: the word readers see; wider before narrower
DIMENSIONS = {
    "to_minor": "minor version",
    "to_version": "version",
    "region": "region",
    "workload_type": "workload",
    "trigger": "trigger",
    "scope": "scope",
    "provider": "provider",
}
MAP_CONFIDENCE = 0.99  # of one cell: many cells are looked at together
MOST_VERSIONS, MOST_REGIONS = 14, 12
# A slice allowed next to nothing is not infinitely sharp.
_LEAST_ALLOWED = 0.25


@dataclass(frozen=True)
class Slice:
    """One slice of one objective in its own window; the interval is the status row's, of the good share."""

    values: dict[str, str]  # status column → raw value, only the dimensions that are set
    verdict: str
    good: int
    bad: int
    pending: int
    excluded: int
    sli_low: float | None
    sli_high: float | None
    budget_allowed: float

    @property
    def total(self) -> int:
        """Decided operations."""
        return self.good + self.bad

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Good, bad, pending, excluded: of two nested slices that agree in all, neither has an operation more."""
        return self.good, self.bad, self.pending, self.excluded

    def is_within(self, wider: "Slice") -> bool:
        """Whether every operation of this slice is one of the other by their names alone."""
        return lies_in(self.values, wider.values)

    @property
    def name(self) -> str:
        """`1.31.2 · westeurope · ml_batch`."""
        return name_of(self.values)

    @property
    def dimensions(self) -> str:
        """`version, region, workload`."""
        return dimensions_of(self.values)

    @property
    def allowed(self) -> float:
        """The slice's budget as printed."""
        return printable_budget(self.budget_allowed)

    @property
    def excess(self) -> float:
        """Bad operations beyond the printed budget; negative when there is budget left."""
        return self.bad - self.allowed

    @property
    def sharpness(self) -> float:
        """The excess in units of the spread that chance alone gives to a count of this size: its square root."""
        return (self.bad - self.budget_allowed) / math.sqrt(max(self.budget_allowed, _LEAST_ALLOWED))

    @property
    def excess_interval(self) -> tuple[float, float]:
        """The interval of the good share, carried over to bad operations beyond the budget."""
        low, high = self.sli_low or 0.0, 1.0 if self.sli_high is None else self.sli_high
        return (1 - high) * self.total - self.allowed, (1 - low) * self.total - self.allowed


@dataclass(frozen=True)
class Cell:
    """One version × region of the map; `tint` is `none`, `few`, or 0 (below budget) to 4 (over 4 ×)."""

    version: str
    region: str
    bad: int
    total: int
    low: float | None  # of the bad share
    high: float | None
    tint: str

    @property
    def is_above(self) -> bool:
        """Whether the whole interval is above the budget."""
        return self.tint in {"2", "3", "4"}


@dataclass(frozen=True)
class Map:
    """The version × region cells that are drawn, row by row, and how many rows and columns are not."""

    versions: tuple[str, ...]
    regions: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    versions_left_out: int
    regions_left_out: int

    @property
    def cells(self) -> list[Cell]:
        """Every cell that has operations."""
        return [cell for row in self.rows for cell in row if cell.tint != "none"]


@dataclass(frozen=True)
class Focus:
    """The objective looked at slice by slice: how many were judged, and those that miss on their own.

    `is_one`: whether every slice with enough operations is the whole fleet, so that there is nothing to set apart.
    """

    score: Score
    judged: int
    slices: list[Slice]
    is_one: bool = False


def name_of(values: dict[str, str]) -> str:
    """The slice with these values as readers see it: `1.31.2 · westeurope · ml_batch`."""
    return " · ".join(shown(value) for value in values.values())


def dimensions_of(values: dict[str, str]) -> str:
    """What the values of a slice are: `version, region, workload`."""
    return ", ".join(DIMENSIONS[column] for column in values)


def lies_in(values: dict[str, str], wider: dict[str, str]) -> bool:
    """Whether every operation of the slice with these values is one of the other by their names alone."""
    values = dict(values)
    if minor := re.match(r"v?(\d+\.\d+)", values.get("to_version", "")):
        values.setdefault("to_minor", minor[1])
    return wider.items() <= values.items()


def standing_out(data: "ReportData", found: tuple[Score, ...]) -> Focus | None:
    """The worst objective with its slices that stand out; None when no objective has any data.

    Judged are slices with at least the objective's `min_events`. One with the fleet's counts is the fleet.
    """
    score = worst(found)
    if score is None or score.verdict == "no_data":
        return None
    fewest = max(score.objective.min_events, 1)
    able = [each for each in slices(data.status, score.objective) if each.total >= fewest]
    fleet = (score.good, score.bad, score.pending, score.excluded)
    parts = [each for each in able if each.counts != fleet]
    return Focus(score, len(parts), missed(parts), is_one=bool(able) and not parts)


def slices(status: pl.DataFrame, objective: "Objective") -> list[Slice]:
    """Every slice of the objective in its own window but the fleet, in the order of the status."""
    own = status.filter((pl.col("slo") == objective.name) & (pl.col("window") == objective.window) & (pl.col("slice_by") != ""))
    return [_slice(row) for row in own.iter_rows(named=True)]


def missed(found: Iterable[Slice]) -> list[Slice]:
    """The slices that miss the target on their own, those furthest beyond chance first.

    A broad slice that holds a bad one has the larger excess, but less sharply; ranking by excess would put it on top.
    A slice made of the very operations of a wider one (the only patch of a minor version, a workload that exists in
    one region) is left out: the wider one says the same in fewer words.
    """
    ranked = sorted(
        (each for each in found if each.verdict == "missed"),
        key=lambda each: (-each.sharpness, len(each.values), list(DIMENSIONS).index(next(iter(each.values)))),
    )
    by_counts: dict[tuple[int, int, int, int], list[Slice]] = {}
    kept = []
    for each in ranked:
        alike = by_counts.setdefault(each.counts, [])
        if not any(each.is_within(wider) for wider in alike):
            kept.append(each)
            alike.append(each)
    return kept


def apart(standing_out: list[Slice]) -> list[Slice]:
    """Of slices in order, those that neither hold one before them nor lie in one, by their names alone."""
    kept: list[Slice] = []
    for each in standing_out:
        if not any(each.is_within(other) or other.is_within(each) for other in kept):
            kept.append(each)
    return kept


def version_key(version: str) -> tuple[bool, list[int], str]:
    """Sorts versions numerically (1.9 < 1.10) with the unversioned last."""
    found = [int(digits) for digits in re.findall(r"\d{1,9}", version)]
    return (not found, found, version)


def version_by_region(status: pl.DataFrame, objective: "Objective") -> Map | None:
    """The map of one objective in its own window; None when its slices have no version × region.

    Versions ascend, regions are alphabetical; of many, those with the most decided operations are kept.
    """
    pairs = {
        (each.values["to_version"], each.values["region"]): each
        for each in slices(status, objective)
        if set(each.values) == {"to_version", "region"}
    }
    if not pairs:
        return None
    versions = sorted(_busiest(pairs, 0, MOST_VERSIONS), key=version_key)
    regions = sorted(_busiest(pairs, 1, MOST_REGIONS))
    budget = 1 - objective.target
    return Map(
        versions=tuple(versions),
        regions=tuple(regions),
        rows=tuple(
            tuple(_cell(version, region, pairs.get((version, region)), budget) for region in regions) for version in versions
        ),
        versions_left_out=len({version for version, _ in pairs}) - len(versions),
        regions_left_out=len({region for _, region in pairs}) - len(regions),
    )


def _busiest(pairs: dict[tuple[str, str], Slice], axis: int, most: int) -> list[str]:
    totals: dict[str, int] = {}
    for key, each in pairs.items():
        totals[key[axis]] = totals.get(key[axis], 0) + each.total
    return sorted(totals, key=lambda name: (-totals[name], name))[:most]


def _cell(version: str, region: str, found: Slice | None, budget: float) -> Cell:
    from assets.slo.intervals import wilson

    if found is None:
        return Cell(version, region, 0, 0, None, None, "none")
    if found.total < numbers.FEWEST_FOR_A_RATE:
        return Cell(version, region, found.bad, found.total, None, None, "few")
    low, high = (bound.item() for bound in wilson(found.bad, found.total, MAP_CONFIDENCE))
    return Cell(version, region, found.bad, found.total, low, high, _tint(found, low, high, budget))


def _tint(found: Slice, low: float, high: float, budget: float) -> str:
    """Coloured only where the whole interval is on one side of the budget; the shade is its multiple."""
    if high < budget:
        return "0"
    if low <= budget:
        return "1"
    multiple = found.bad / found.total / budget
    return "2" if multiple <= 2 else "3" if multiple <= 4 else "4"


def _slice(row: dict[str, Any]) -> Slice:
    return Slice(
        values={column: row[column] for column in DIMENSIONS if row[column] is not None},
        verdict=row["verdict"],
        good=row["good"],
        bad=row["bad"],
        pending=row["pending"],
        excluded=row["excluded"],
        sli_low=row["sli_low"],
        sli_high=row["sli_high"],
        budget_allowed=row["budget_allowed"] or 0.0,
    )
