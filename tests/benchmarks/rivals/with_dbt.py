"""The status by dbt on DuckDB: `dbt run` of the project in `with_dbt/`, into a database file of its own.

Belongs here: calling dbt.
Does not belong here: the models.

Usage: with_dbt.py HOME DAY STATUS.parquet
"""

import json
import os
import sys
from datetime import date
from pathlib import Path


def main(home: Path, day: date, target: Path) -> None:
    from dbt.cli.main import dbtRunner
    from with_duckdb import values

    project, database = Path(__file__).with_name("with_dbt"), target.with_name("dbt.duckdb")
    database.unlink(missing_ok=True)
    os.environ |= {"BENCH_DATABASE": str(database), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    written = ["--target-path", str(target.with_name("dbt-target")), "--log-path", str(target.with_name("dbt-logs"))]
    outcome = dbtRunner().invoke(["run", *folders, *written, "--vars", json.dumps(values(home, day, target)), "--quiet"])
    if not outcome.success:
        sys.exit(str(outcome.exception or [each.message for each in outcome.result or []]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]))
