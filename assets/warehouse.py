"""The warehouse: one DuckDB file, one writer at a time, one transaction per step.

Belongs here: opening with limits and patience, transactions, which tables there are.
Does not belong here: what a table holds (`sql/create_<table>.sql` of the slice that owns it), paths (`pipelines/settings.py`).
"""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.transactions import transaction

# Raised by one whenever a table, or what the intake writes into one, changes so that a rebuild must follow: operations, cells
# and status are computed anew for other code, events are not.
LAYOUT = 7
# Keys in the tables are DuckDB hashes; a version that hashes differently would see old events as new ones.
_FINGERPRINT = "SELECT ? || '-' || hash('upgrade', 'slo')"
# The files of the key indexes that count (`assets/key_index.py`).
_KEY_RUNS = (
    "CREATE TABLE main.key_runs (index_name VARCHAR NOT NULL, run VARCHAR NOT NULL, level BIGINT NOT NULL, keys BIGINT NOT NULL)"
)
# By schema, which is the name of the slice that owns them. They are read as files: importing the slices for their names would
# load what only one step needs.
_TABLES = {
    "telemetry": (
        "files", "events", "quarantine", "not_upgrades", "touched", "unfinished",
        "inventory", "inventory_version", "changed_clusters",
    ),
    "upgrades": ("state", "operations", "other_operations", "running", "touched_days"),
    "slo": ("cells", "cells_state", "unpublished_days", "status", "status_state", "alerts"),
    "reports": ("verdicts", "snapshot_state"),
}  # fmt: skip


class WarehouseHeld(RuntimeError):
    """Another process holds the warehouse, and did not let go in time."""


class WarehouseUnreadable(RuntimeError):
    """The warehouse file cannot be opened: it is damaged, or not this user's to open."""


class WarehouseOutdated(RuntimeError):
    """The warehouse was written by another version of this software or of DuckDB."""


@dataclass(frozen=True)
class Warehouse:
    """Where the warehouse is and what it may use; every `transaction` opens, commits and closes it.

    `patience_seconds`: how long to wait while another process holds the file.
    """

    path: Path
    scratch: Path
    memory_limit: str = "4GB"
    threads: int = 2
    patience_seconds: float = 30.0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside a transaction that is committed at the end, or rolled back when anything is raised.

        Raises:
            WarehouseHeld: when another process holds the file for longer than `patience_seconds`.
            WarehouseUnreadable: when the file is damaged, or not this user's to open.
            WarehouseOutdated: when the file has another layout.
        """
        with self.connection() as db, transaction(db):
            yield db

    @contextlib.contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that commits every statement; for work that cannot be inside a transaction, such as a snapshot.

        Raises:
            WarehouseHeld, WarehouseUnreadable, WarehouseOutdated: as `transaction` does.
        """
        db = self._open()
        try:
            yield db
        finally:
            db.close()  # rolls back what was not committed

    def _open(self) -> duckdb.DuckDBPyConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(parents=True, exist_ok=True)
        db = _connect(self.path, self.patience_seconds)
        try:
            db.execute("SET TimeZone = 'UTC'")
            db.execute(f"SET memory_limit = '{self.memory_limit}'")
            db.execute(f"SET threads = {int(self.threads)}")
            db.execute("SET temp_directory = ?", [str(self.scratch / "spill")])
            _lay_out(db, self.path)
        except BaseException:
            db.close()
            raise
        return db


def _connect(path: Path, patience_seconds: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.Error as problem:  # damage past the header is no IOException
            if "Could not set lock" not in str(problem):
                raise WarehouseUnreadable(
                    f"{path.name} cannot be opened: {problem} If it is damaged, run `upgrade-slo rebuild`: "
                    "it makes the warehouse anew from the landing zone."
                ) from problem
            if time.monotonic() >= deadline:
                holder = re.search(r"PID (\d+)", str(problem))
                raise WarehouseHeld(
                    f"{path.name} is held by process {holder[1] if holder else 'unknown'}; gave up after "
                    f"{patience_seconds:.0f} s. Wait for that run to finish, or read the published snapshot instead."
                ) from None
            time.sleep(0.1)


def _lay_out(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create what is missing in a new file; refuse a file that other software wrote."""
    db.execute("BEGIN")
    db.execute("CREATE TABLE IF NOT EXISTS main.layout (fingerprint VARCHAR NOT NULL)")
    [(fingerprint,)] = db.execute(_FINGERPRINT, [str(LAYOUT)]).fetchall()
    found = db.execute("SELECT fingerprint FROM main.layout").fetchall()
    if not found:
        db.execute(_KEY_RUNS)
        for schema, tables in _TABLES.items():
            db.execute(f"CREATE SCHEMA {schema}")
            for table in tables:
                db.execute((Path(__file__).parent / schema / "sql" / f"create_{table}.sql").read_text(encoding="utf-8"))
        db.execute("INSERT INTO main.layout VALUES (?)", [fingerprint])
    elif found != [(fingerprint,)]:
        raise WarehouseOutdated(
            f"{path.name} has layout {found[0][0]}; accepted: {fingerprint}. "
            "Run `upgrade-slo rebuild`: it makes the warehouse anew from the landing zone."
        )
    db.execute("COMMIT")
