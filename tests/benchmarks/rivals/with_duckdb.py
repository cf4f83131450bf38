"""The status by hand-written DuckDB SQL: the models of `with_dbt/models/`, run one after the other in memory.

Belongs here: running those statements without dbt, over files or over tables that are there already.
Does not belong here: the statements themselves.

Usage: with_duckdb.py HOME DAY STATUS.parquet
"""

import re
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

MODELS = Path(__file__).with_name("with_dbt") / "models"
ALL = ("inventory", "failures", "events", "operations", "cells", "status")


def values(home: Path, day: date, target: Path) -> dict[str, str]:
    """The variables of the models, for a home and the end of a day."""
    return {
        "landing": f"{home}/landing/canonical/*/*.ndjson",
        "inventory": f"{home}/inventory/clusters.csv",
        "failures": f"{home}/failures.csv",
        "as_of": f"{day + timedelta(days=1)} 00:00:00",
        "target": str(target),
    }


def run(db: duckdb.DuckDBPyConnection, variables: dict[str, str], models: Sequence[str] = ALL) -> None:
    """Make the models in order: a view, tables, and at last a Parquet file."""
    for name in models:
        text = (MODELS / f"{name}.sql").read_text(encoding="utf-8")
        text = re.sub(r"\{\{ config\(.*\) \}\}", "", text)
        text = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", text)
        text = re.sub(r'\{\{ var\("(\w+)"\) \}\}', lambda found: variables[found[1]], text)
        match name:
            case "events":
                db.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text}")
            case "status":
                db.execute(f"COPY ({text}) TO '{variables['target']}' (FORMAT parquet)")
            case _:
                db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")


def main(home: Path, day: date, target: Path) -> None:
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET memory_limit = '4GB'; SET preserve_insertion_order = false")
    db.execute(f"SET temp_directory = '{target.parent / 'spill'}'")
    run(db, values(home, day, target))


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]))
