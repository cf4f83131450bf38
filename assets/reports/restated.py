"""How a revision of a report differs from the one it replaces: the figures that moved, and the inputs that changed.

Belongs here: comparing two published states of one report day.
Does not belong here: keeping revisions (`publish.py`), the lists of deliveries (`deliveries.py`), wording (`findings.py`,
`tables.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports.slices import DIMENSIONS, lies_in

if TYPE_CHECKING:
    from assets.slo.objectives import Objective

COUNTS = ("good", "bad", "pending", "excluded")
MOST_SLICES = 10
# Of slices that moved alike, the list keeps one. A change of the code can move all of them: so many are looked at.
_MOST_COMPARED = 500
_FIGURES = (*COUNTS, "sli", "verdict")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the status says of one SLO, window and slice."""

    good: int
    bad: int
    pending: int
    excluded: int
    sli: float | None
    verdict: str

    @property
    def total(self) -> int:
        """Decided operations."""
        return self.good + self.bad

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {name: getattr(self, name) for name in COUNTS}


# A slice without a row had no operation; the fleet has one always.
_NOTHING = Figures(good=0, bad=0, pending=0, excluded=0, sli=None, verdict="no_data")


@dataclass(frozen=True, slots=True)
class Moved:
    """Figures that are other than in the replaced revision; None where one of the two has no such row.

    `values`: the slice, status column → raw value; empty for the fleet.
    """

    slo: str
    window: str
    values: dict[str, str]
    before: Figures | None
    after: Figures | None

    @property
    def has_other_counts(self) -> bool:
        """Whether operations are counted otherwise, and not only judged otherwise."""
        return (self.before and self.before.counts) != (self.after and self.after.counts)

    @property
    def has_other_verdict(self) -> bool:
        """Whether the verdict is another."""
        return (self.before and self.before.verdict) != (self.after and self.after.verdict)


@dataclass(frozen=True, slots=True)
class Restated:
    """How a revision differs from the one it replaces.

    - `revision`: the number of the replaced one.
    - `fleet`: by SLO and window, in the order of their names. `slices`: the most moved first, the SLO's own window alone.
    - `deliveries`: as `deliveries.changes` has them; None when it was not recorded what the replaced revision rests on.
    - `inputs`: what else changed, by its name in the manifest without `_sha256` and `_version`: `inventory`, `code`.
    """

    revision: int
    fleet: tuple[Moved, ...]
    slices: tuple[Moved, ...]
    deliveries: pl.DataFrame | None
    inputs: tuple[str, ...]


def fleet_moves(before: pl.DataFrame, after: pl.DataFrame) -> tuple[Moved, ...]:
    """The fleet's figures that moved from one published status to another, by SLO and window."""
    fleet = (frame.filter(pl.col("slice_by") == "") for frame in (before, after))
    return tuple(_moved(row) for row in _joined(*fleet, dimensions=()).sort("slo", "window").iter_rows(named=True))


def slice_moves(before: pl.DataFrame, after: pl.DataFrame, objectives: Iterable["Objective"]) -> tuple[Moved, ...]:
    """The slices with the most operations that are good or bad now and were not, or were and are not.

    A slice that holds, or lies in, one further up is left out: of those that moved alike the narrowest says where.
    """
    own = pl.DataFrame({"slo": [each.name for each in objectives], "window": [each.window for each in objectives]})
    sides = (frame.filter(pl.col("slice_by") != "").join(own, on=["slo", "window"], how="semi") for frame in (before, after))
    size = pl.sum_horizontal((pl.col(n).fill_null(0) - pl.col(f"{n}_before").fill_null(0)).abs() for n in ("good", "bad"))
    narrowness = pl.sum_horizontal(pl.col(name).is_not_null() for name in DIMENSIONS)
    ranked = (
        _joined(*sides, dimensions=tuple(DIMENSIONS))
        .with_columns(size.alias("size"), narrowness.alias("narrowness"))
        .filter(pl.col("size") > 0)
        .sort("size", "narrowness", "slo", *DIMENSIONS, descending=[True, True] + [False] * (1 + len(DIMENSIONS)))
    )
    kept: list[Moved] = []
    for each in map(_moved, ranked.head(_MOST_COMPARED).iter_rows(named=True)):
        if len(kept) < MOST_SLICES and not any(_is_nested(each, other) for other in kept):
            kept.append(replace(each, before=each.before or _NOTHING, after=each.after or _NOTHING))
    return tuple(kept)


def changed_inputs(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """What two manifests say is other beside the deliveries; what only one of them mentions is not known to have changed."""
    names = [name for name in after if name.endswith(("_sha256", "_version")) and name != "inputs_sha256"]
    return tuple(name.rpartition("_")[0] for name in names if before.get(name, after[name]) != after[name])


def _joined(before: pl.DataFrame, after: pl.DataFrame, *, dimensions: tuple[str, ...]) -> pl.DataFrame:
    keys = ["slo", "window", *dimensions]
    ours, theirs = (frame.select(*keys, *_FIGURES) for frame in (after, before))
    both = ours.join(theirs, on=keys, how="full", suffix="_before", coalesce=True, nulls_equal=True)
    return both.filter(pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_before")) for n in (*COUNTS, "verdict")))


def _moved(row: dict[str, Any]) -> Moved:
    sides = [
        None if row[f"good{suffix}"] is None else Figures(*(row[f"{name}{suffix}"] for name in _FIGURES))
        for suffix in ("_before", "")
    ]
    values = {name: row[name] for name in DIMENSIONS if row.get(name) is not None}
    return Moved(row["slo"], row["window"], values, *sides)


def _is_nested(one: Moved, other: Moved) -> bool:
    return one.slo == other.slo and (lies_in(one.values, other.values) or lies_in(other.values, one.values))
