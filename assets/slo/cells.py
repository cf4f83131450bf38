"""Cells: operations counted per start-day, SLO and finest slice; every longer window and coarser slice is a sum of them.

Belongs here: which days have to be counted again, and counting them.
Does not belong here: what counts as good (`classification.py`), sums over windows and what they mean (`status.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from assets.code import code_sha256
from assets.moments import end_of
from assets.slo import slices
from assets.slo.classification import judged_sql, longest_wait_seconds
from assets.slo.objectives import Objective, Objectives
from assets.sql_files import compose, sql_beside
from assets.upgrades import fold

sql = sql_beside(__file__)


class WrongDay(RuntimeError):
    """The tables underneath stand at another day than the one asked for."""


@dataclass(frozen=True)
class Count:
    """What one count did: the start-days counted and the cells written for them."""

    days: int
    cells: int


def count_cells(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> Count:
    """Bring `slo.cells` to the operations as of the end of `day`; call it inside a transaction.

    Counted again are the days whose operations changed, and those with operations that run, or are still to begin, and are young
    enough to change their outcome. All days are when the objectives or the code are other than last time.

    Raises:
        WrongDay: when the operations do not stand at `day`.
    """
    require_day(db, day)
    counted_at = db.execute("SELECT day, basis FROM slo.cells_state").fetchall()
    counts_for_these = bool(counted_at) and counted_at[0][1] == _basis(objectives)
    earliest = min(end_of(day), end_of(counted_at[0][0])) if counted_at else end_of(day)
    wait = max(map(longest_wait_seconds, objectives.objectives), default=0.0)
    db.execute(
        sql("create_recounted"),
        {"everything": not counts_for_these, "young_from": earliest - timedelta(seconds=wait)},
    )
    db.execute(sql("insert_unpublished_days"))
    db.execute(sql("delete_recounted"), {"everything": not counts_for_these})
    for objective in objectives.objectives:
        db.execute(_count_sql(objective), {"as_of": end_of(day), "slo": objective.name})
    [(days, cells)] = db.execute(sql("count_recounted")).fetchall()
    db.execute("DELETE FROM upgrades.touched_days")
    db.execute("DELETE FROM slo.cells_state")
    db.execute("INSERT INTO slo.cells_state VALUES (?, ?)", [day, _basis(objectives)])
    return Count(days=days, cells=cells)


def require_day(db: duckdb.DuckDBPyConnection, day: date) -> None:
    """Refuse to go on when the operations show another day's view, or not yet all events of it."""
    found = fold.stands_at(db)
    [(unfolded,)] = db.execute("SELECT count(*) FROM telemetry.touched").fetchall()
    if found != day or unfolded:
        seen = f"{found}, without {unfolded} operations that changed since" if unfolded else f"{found or 'no day yet'}"
        raise WrongDay(
            f"the operations stand at {seen}; needed: {day}. "
            f"Materialise upgrade_operations for {day} first, or run `upgrade-slo run --date {day}`."
        )


def require_counted(db: duckdb.DuckDBPyConnection, day: date, objectives: Objectives) -> None:
    """Refuse to go on when the cells do not count the operations as of the end of `day` for these objectives."""
    require_day(db, day)
    found = db.execute("SELECT day, basis FROM slo.cells_state").fetchall()
    [(uncounted,)] = db.execute("SELECT count(*) FROM upgrades.touched_days").fetchall()
    if found != [(day, _basis(objectives))] or uncounted:
        raise WrongDay(
            f"the cells stand at {found[0][0] if found else 'no day yet'}, for other objectives or with {uncounted} days to be "
            f"counted again; needed: {day}. "
            f"Materialise slo_cells for {day} first, or run `upgrade-slo run --date {day}`."
        )


def _basis(objectives: Objectives) -> str:
    return f"{objectives.sha256}:{code_sha256('assets/slo')}"


def _count_sql(objective: Objective) -> str:
    return compose(
        sql("insert_cells"),
        judged=judged_sql(objective, "day IN (SELECT day FROM recounted)"),
        slice_by=slices.slice_by_sql(slices.looked_at(objective)),
        columns=slices.columns_sql(slices.looked_at(objective)),
        grouping_sets=slices.grouping_sets(slices.cell_grains(objective), "day"),
    )
