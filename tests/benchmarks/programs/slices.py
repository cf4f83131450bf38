"""One process that makes the counts or the quantiles of every slice, as the product does or straight from the operations.

Belongs here: the two sides of the rows on slices, and the clock of the part that counts.
Does not belong here: running them in turn (`rows/slices.py`), the direct statements (`sql/`).

Prints the CPU and wall seconds of its part as JSON; starting Python and opening the warehouse are no part of it.

Usage: slices.py counts|direct-counts|quantiles|direct-quantiles WAREHOUSE DAY RESULT.parquet
"""

import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from assets.moments import end_of
from assets.slo import slices, status
from assets.slo.classification import outcome_sql
from assets.slo.objectives import Objective, load_objectives
from assets.sql_files import compose

_SQL = Path(__file__).parents[1] / "sql"
OBJECTIVES = load_objectives(None)
# Exact quantiles are made of durations alone, so both sides make those.
TIMED = replace(OBJECTIVES, objectives=tuple(each for each in OBJECTIVES.objectives if each.limits_durations))


def counts(db: duckdb.DuckDBPyConnection, day: date) -> str:
    """What `status` does first, up to the table of counts."""
    db.execute(status.sql("create_status_windows"))
    db.execute(status.sql("create_status_counts"))
    for objective in OBJECTIVES.objectives:
        status._sum_objective(db, objective, day)
    return "counted"


def direct_counts(db: duckdb.DuckDBPyConnection, day: date) -> str:
    db.execute(status.sql("create_status_counts"))
    db.execute("CREATE TEMP TABLE counted_directly AS FROM counted")
    for objective in OBJECTIVES.objectives:
        text = compose(_composed("counts_from_operations", objective), outcome=outcome_sql(objective))
        db.execute(text, {"slo": objective.name, "report_date": day, "as_of": end_of(day)})
    return "counted_directly"


def quantiles(db: duckdb.DuckDBPyConnection, day: date) -> str:
    """What `status` does next; the counts are there."""
    frame = status._quantiles(db, TIMED, day)
    db.register("quantile_frame", frame.to_arrow())
    return "quantile_frame"


def direct_quantiles(db: duckdb.DuckDBPyConnection, day: date) -> str:
    names = ", ".join(f"{slices.quoted(each)} VARCHAR" for each in slices.DIMENSIONS)
    db.execute(f'CREATE TEMP TABLE exact (slo VARCHAR, "window" VARCHAR, slice_by VARCHAR, {names}, seconds DOUBLE[])')
    for objective in TIMED.objectives:
        db.execute(_composed("exact_quantiles", objective), {"slo": objective.name, "report_date": day})
    columns = ", ".join(f"seconds[{place}] AS {name}" for place, name in enumerate(status.QUANTILES, start=1))
    db.execute(f"CREATE TEMP VIEW exact_quantiles AS SELECT * EXCLUDE (seconds), {columns} FROM exact")
    return "exact_quantiles"


def _composed(name: str, objective: Objective) -> str:
    return compose(
        (_SQL / f"{name}.sql").read_text(encoding="utf-8"),
        total_where=objective.total_where,
        slice_by=slices.slice_by_sql(slices.looked_at(objective)),
        columns=slices.columns_sql(slices.looked_at(objective)),
        grouping_sets=slices.grouping_sets(slices.all_slices(objective), '"window"'),
    )


SIDES = {"counts": counts, "direct-counts": direct_counts, "quantiles": quantiles, "direct-quantiles": direct_quantiles}


def main(side: str, warehouse: Path, day: date, target: Path) -> None:
    db = duckdb.connect(str(warehouse), read_only=True)
    db.execute("SET TimeZone = 'UTC'; SET memory_limit = '4GB'")
    if side == "quantiles":
        counts(db, day)
    cpu, wall = time.process_time(), time.perf_counter()
    table = SIDES[side](db, day)
    spent = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
    db.execute(f"COPY (FROM {table}) TO '{target}' (FORMAT parquet)")
    print(json.dumps(spent))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), Path(sys.argv[4]))
