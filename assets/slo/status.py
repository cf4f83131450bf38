"""Status: for each SLO, window and slice, the counts, what they say against the target, and how sure that is.

Belongs here: sums of cells over windows and slices, and joining counts with their quantiles and evidence.
Does not belong here: counting operations (`cells.py`), time slices (`time_slices.py`), quantiles (`quantiles.py`), intervals and
budgets (`evidence.py`), wording (`assets/reports/`).
"""

from datetime import date, datetime

import duckdb
import polars as pl

from assets.frames import query
from assets.moments import end_of
from assets.slo import slices
from assets.slo.cells import require_counted
from assets.slo.classification import judged_sql, seconds_sql
from assets.slo.objectives import Objective, Objectives
from assets.slo.quantiles import quantiles_of_slices
from assets.slo.time_slices import count_time_slices, judged
from assets.slo.windows import LOOK_BACK_DAYS, own_window, windows_on
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

# The days that a window holds only a part of: those before its first whole day, and those after its last.
_PART_DAYS = "day BETWEEN CAST($start AS DATE) AND $first_day - 1 OR day BETWEEN $end_day AND CAST($seen_until AS DATE)"
QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
COLUMNS = (
    "report_date", "slo", "window", "window_start", "window_end", "slice_by",
    *slices.DIMENSIONS,
    "good", "bad", "pending", "excluded", "total",
    "sli", "sli_low", "sli_high", "target", "verdict", "detectable_sli", "upgrades_needed",
    "budget_allowed", "budget_spent", "budget_remaining", "burn_rate",
    *QUANTILES,
)  # fmt: skip
_KEY = ("slo", "window", "slice_by", *slices.DIMENSIONS)


def windows(objective: Objective) -> dict[str, int]:
    """The windows an objective is looked at in, by name, in days: its own as written, then the look-backs."""
    return {objective.window: objective.window_days} | {f"{days}d": days for days in LOOK_BACK_DAYS}


def write_status(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives, basis: str) -> int:
    """Replace the rows of report date `day` in `slo.status`; returns how many there are now. Call it inside a transaction.

    `basis`: the hash of everything the figures rest on, kept beside them.

    Raises:
        WrongDay: when the tables underneath do not stand at `day`.
    """
    frame = status(db, day=day, objectives=objectives)
    db.execute("DELETE FROM slo.status WHERE report_date = ?", [day])
    db.execute("DELETE FROM slo.status_state WHERE report_date = ?", [day])
    db.register("status_frame", frame.to_arrow())
    db.execute("INSERT INTO slo.status SELECT * FROM status_frame")
    db.unregister("status_frame")
    db.execute("INSERT INTO slo.status_state VALUES (?, ?)", [day, basis])
    return frame.height


def status(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> pl.DataFrame:
    """One row per SLO × window × slice with an operation, and the fleet's always; the columns of `COLUMNS`, in a fixed order."""
    require_counted(db, day, objectives)
    db.execute(sql("create_status_windows"))
    db.execute(sql("create_status_counts"))
    for objective in objectives.objectives:
        _sum_objective(db, objective, day)
    if any(_has_parts(objective, day) for objective in objectives.objectives):
        db.execute(sql("merge_parts"))
    count_time_slices(db, day=day, objectives=objectives.objectives)
    counts = query(db, sql("status_counts"), {"report_date": day})
    timed = counts.join(_quantiles(db, objectives, day), on=_KEY, how="left", nulls_equal=True, maintain_order="left")
    return judged(timed).select(COLUMNS)


def _sum_objective(db: duckdb.DuckDBPyConnection, objective: Objective, day: date) -> None:
    for name, window in windows_on(objective, day).items():
        seen = [window.start, window.end, window.seen_until, window.first_whole_day, window.after_whole_days]
        db.execute(
            "INSERT INTO status_windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [objective.name, name, *seen, objective.target, objective.confidence],
        )
    if objective.slice_seconds:
        return
    statement = compose(
        sql("sum_cells"),
        slice_by=slices.slice_by_sql(slices.finest(objective)),
        columns=slices.columns_sql(slices.finest(objective)),
        grouping_sets=slices.grouping_sets(slices.subsets(objective), '"window"'),
    )
    db.execute(statement, {"slo": objective.name, "grain": ",".join(slices.finest(objective))})
    db.execute(sql("sum_lone_cells"), {"slo": objective.name, "grains": list(slices.alone(objective))})
    if _has_parts(objective, day):
        _count_part_days(db, objective, day)


def _has_parts(objective: Objective, day: date) -> bool:
    """Whether cells, which are of whole days, do not make up the objective's own window."""
    return not objective.slice_seconds and own_window(objective, day).has_parts


def _count_part_days(db: duckdb.DuckDBPyConnection, objective: Objective, day: date) -> None:
    window = own_window(objective, day)
    statement = compose(
        sql("count_part_days"),
        judged=judged_sql(objective, _PART_DAYS),
        slice_by=slices.slice_by_sql(slices.looked_at(objective)),
        columns=slices.columns_sql(slices.looked_at(objective)),
        grouping_sets=slices.grouping_sets(slices.all_slices(objective)),
    )
    whole_days = {"first_day": window.first_whole_day, "end_day": window.after_whole_days}
    seen = {"start": window.start, "seen_until": window.seen_until, "as_of": end_of(day)}
    db.execute(statement, {"slo": objective.name, "window": objective.window} | whole_days | seen)


def _quantiles(db: duckdb.DuckDBPyConnection, objectives: Objectives, day: date) -> pl.DataFrame:
    """One row per threshold SLO, window and slice with an operation whose time is told; `_KEY` and `QUANTILES`."""
    for dimension in slices.DIMENSIONS:
        db.execute(compose(sql("create_value_type"), dimension=dimension))
    values = {name: column.explode() for name, column in query(db, sql("select_values")).to_dict().items()}
    found = [pl.DataFrame(schema=dict.fromkeys(_KEY, pl.String) | dict.fromkeys(QUANTILES, pl.Float64))]
    for objective in objectives.objectives:
        if objective.kind == "threshold":
            seconds, whose = seconds_sql(objective)
            statement = compose(sql("select_seconds"), seconds=seconds, whose=whose, total_where=objective.total_where)
            for start, end, ages in _nested_windows(objective, day):
                quantiles = quantiles_of_slices(
                    query(db, statement, {"report_date": day, "start": start, "end": end}),
                    values={dimension: values[dimension] for dimension in slices.looked_at(objective)},
                    slices=slices.all_slices(objective),
                    windows=ages,
                    shares=QUANTILES,
                )
                found.append(quantiles.with_columns(slo=pl.lit(objective.name)))
    return pl.concat(found, how="diagonal")


def _nested_windows(objective: Objective, day: date) -> list[tuple[datetime, datetime, dict[str, int]]]:
    """Periods, each with the windows that are its last so many days: a calendar's window is one of its own."""
    rolling = windows_on(objective, day)
    nested = []
    if objective.calendar is not None:
        own = rolling.pop(objective.window)
        nested = [(own.start, own.seen_until, {objective.window: own.days})]
    ages = {name: window.days for name, window in rolling.items()}
    return [*nested, (min(window.start for window in rolling.values()), end_of(day), ages)]
