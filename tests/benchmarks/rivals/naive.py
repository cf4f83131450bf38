"""The status of a day with plain SQL over the whole history: everything is folded and counted anew, nothing is looked up.

Belongs here: the rivals' SQL on the events of a warehouse and the files of one more day, as one would write it in an afternoon.
Does not belong here: the statements (`with_dbt/models/`).

Usage: naive.py WAREHOUSE HOME DAY STATUS.parquet
"""

import sys
from datetime import date
from pathlib import Path

import duckdb
from with_duckdb import run, values

_ALL_EVENTS = """CREATE OR REPLACE TEMP VIEW events AS
    SELECT * REPLACE (nullif("trigger", 'unknown') AS "trigger") FROM history.telemetry.events
    UNION ALL BY NAME
    FROM new_events"""


def main(warehouse: Path, home: Path, day: date, target: Path) -> None:
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    db.execute(f"SET temp_directory = '{target.parent / 'spill'}'")
    db.execute(f"ATTACH '{warehouse}' AS history (READ_ONLY)")
    variables = values(home, day, target) | {"landing": f"{home}/landing/canonical/{day}/*.ndjson"}
    run(db, variables, ["inventory", "failures", "events"])
    db.execute("ALTER VIEW events RENAME TO new_events")
    db.execute(_ALL_EVENTS)
    run(db, variables, ["operations", "cells", "status"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), Path(sys.argv[4]))
