"""One process that loads canonical lines into a new database file: losslessly as the product does, or lossily as DuckDB would.

Belongs here: the two sides of the intake rows.
Does not belong here: running them in turn (`rows/intake.py`).

Usage: intake.py ours|lossy HOME DATABASE
"""

import sys
from datetime import date
from pathlib import Path

FIELDS = (
    "operation_id", "cluster_id", "scope", "provider", "node_pool", "region", "from_version", "to_version", '"trigger"',
    "workload_type", "error_code", "error_message", "upgrade_id", "observed_version", "observed_at",
)  # fmt: skip


def ours(home: Path, database: Path) -> None:
    """Every delivery day of the home, with ledger, quarantine and duplicates."""
    from assets.telemetry.intake import take_in
    from assets.warehouse import Warehouse

    warehouse = Warehouse(database, database.parent / "scratch")
    with warehouse.connection() as db:
        take_in(db, home / "landing", upto=date.max, scratch=database.parent / "scratch")
        print(db.execute("SELECT count(*) FROM telemetry.events").fetchall())


def lossy(home: Path, database: Path) -> None:
    """One typed `read_ndjson` into a table; lines that do not fit become NULLs or vanish."""
    import duckdb

    db = duckdb.connect(str(database))
    db.execute("SET TimeZone = 'UTC'; SET memory_limit = '4GB'")
    files = sorted(str(path) for path in (home / "landing" / "canonical").glob("*/*"))
    data = ", ".join(f"{name} VARCHAR" for name in FIELDS)
    db.execute(
        f"""CREATE TABLE events AS SELECT * FROM read_ndjson($files, records = true, ignore_errors = true,
            maximum_object_size = 17825792,
            columns = {{specversion: 'VARCHAR', id: 'VARCHAR', source: 'VARCHAR', type: 'VARCHAR', time: 'TIMESTAMP',
                       data: 'STRUCT({data}, node_count BIGINT, api_features VARCHAR[])'}})""",
        {"files": files},
    )
    print(db.execute("SELECT count(*) FROM events").fetchall())


if __name__ == "__main__":
    side, home, database = sys.argv[1:]
    {"ours": ours, "lossy": lossy}[side](Path(home), Path(database))
