"""Slices: the dimensions along which an objective is looked at, and their combinations.

Belongs here: the seven dimensions, the subsets of an SLO's `slice-by`, the dimensions that are looked at alone.
Does not belong here: counting (`cells.py`), what the counts mean (`status.py`).
"""

from itertools import combinations

from assets.slo.annotations import SLICE_COLUMNS
from assets.slo.objectives import Objective

DIMENSIONS = SLICE_COLUMNS
# Looked at one by one for every objective, whatever its `slice-by`.
ALONE = ("to_minor", "scope", "trigger", "provider")


def finest(objective: Objective) -> tuple[str, ...]:
    """The dimensions of the finest slice, in the order in which the objective names them."""
    return objective.slice_by


def alone(objective: Objective) -> tuple[str, ...]:
    """The dimensions that are looked at alone and are not part of the finest slice."""
    return tuple(dimension for dimension in ALONE if dimension not in objective.slice_by)


def cell_grains(objective: Objective) -> list[tuple[str, ...]]:
    """The combinations that cells are counted at: all slices of the objective are sums over one of them."""
    return [finest(objective), *((dimension,) for dimension in alone(objective))]


def subsets(objective: Objective) -> list[tuple[str, ...]]:
    """Every subset of `slice-by`: the empty one, which is the fleet, comes first."""
    return [each for size in range(len(objective.slice_by) + 1) for each in combinations(objective.slice_by, size)]


def all_slices(objective: Objective) -> list[tuple[str, ...]]:
    """Every combination that gets a status: each subset of `slice-by`, the fleet included, and each lone dimension."""
    return [*subsets(objective), *((dimension,) for dimension in alone(objective))]


def grouping_sets(slices: list[tuple[str, ...]], *always: str) -> str:
    """SQL `GROUPING SETS` over these combinations, each with the `always` columns."""
    sets = ", ".join(f"({', '.join([*always, *map(quoted, each)])})" for each in slices)
    return f"GROUPING SETS ({sets})"


def looked_at(objective: Objective) -> tuple[str, ...]:
    """Every dimension that some slice of the objective sets, in the order in which `slice_by` names them."""
    return (*finest(objective), *alone(objective))


def slice_by_sql(dimensions: tuple[str, ...]) -> str:
    """SQL for the `slice_by` text of a row made by grouping sets over these dimensions: those that are set, joined by commas."""
    if not dimensions:
        return "''"
    named = ", ".join(f"CASE WHEN grouping({quoted(each)}) = 0 THEN '{each}' END" for each in dimensions)
    return f"concat_ws(',', {named})"


def columns_sql(dimensions: tuple[str, ...]) -> str:
    """SQL for the seven dimension columns of a row made by grouping sets over these dimensions; the others are NULL."""
    return ", ".join(
        f"{quoted(each) if each in dimensions else 'CAST(NULL AS VARCHAR)'} AS {quoted(each)}" for each in DIMENSIONS
    )


def quoted(name: str) -> str:
    """The column name as SQL: one of the seven, `trigger` being a keyword."""
    return f'"{name}"'
