"""A home in miniature: events written as lines of deliveries, and the steps of the pipeline over them, one at a time.

Belongs here: saying an event in one line of a test, and running the real steps on a DuckDB file of the test's own.
Does not belong here: what the steps should come to (the tests), a second opinion on that (`reference_fold.py`,
`reference_status.py`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from assets.slo.cells import Count, count_cells
from assets.slo.objectives import Objectives
from assets.slo.status import status, write_status
from assets.telemetry.intake import Intake, take_in
from assets.telemetry.inventory import load_inventory
from assets.upgrades.fold import Fold, fold
from assets.warehouse import Warehouse

INVENTORY_HEADER = "cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to"
# The columns of an operation that the contract knows; the table has keys and given values beside them.
OPERATION_COLUMNS = (
    "day", "cluster_id", "operation_id", "scope", "provider", "node_pool", "region", "workload_type",
    "from_version", "to_version", "from_minor", "to_minor", "trigger", "node_count", "state",
    "scheduled_at", "started_at", "finished_at", "duration_seconds", "clock_skew",
    "upgrade_id", "attempt", "is_first_attempt", "error_code", "error_message", "error_category", "responsibility",
    "observed_version", "version_confirmed", "api_features",
)  # fmt: skip
_OPERATIONS = ", ".join(f'"{name}"' for name in OPERATION_COLUMNS)

Row = dict[str, Any]


def event(type_: str, time: str, *, operation: str = "op", cluster: str = "c", scope: str = "node_pool", **more: Any) -> Row:
    """One canonical event; `time` is `2026-11-20 08:15` in UTC, with seconds when they matter.

    `id` and `source` may be given and name the event; everything else in `more` goes into `data`.
    """
    envelope = {"id": more.pop("id", f"{cluster!r} {operation!r} {type_} {time}"), "source": more.pop("source", "fleet")}
    if "observed_at" in more:
        more["observed_at"] = rfc3339(more["observed_at"])
    return {
        "specversion": "1.0",
        **envelope,
        "type": f"dev.upgradeslo.operation.{type_}",
        "time": rfc3339(time),
        "data": {"operation_id": operation, "cluster_id": cluster, "scope": scope, **more},
    }


def rfc3339(text: str) -> str:
    """`2026-11-20 08:15` as the wire has it."""
    return text.replace(" ", "T") + ("Z" if text.count(":") == 2 else ":00Z")


def at(text: str) -> datetime:
    """`2026-11-20 08:15` as the tables have it: naive UTC."""
    return datetime.fromisoformat(text)


def day(text: str) -> date:
    """`2026-11-20` as a date."""
    return date.fromisoformat(text)


@dataclass
class SmallHome:
    """The input folders below `folder`, and one open connection to the warehouse there."""

    folder: Path
    db: duckdb.DuckDBPyConnection

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.db.execute("BEGIN")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def deliver(self, delivery_day: str, *events: Row, name: str = "events.ndjson") -> None:
        """Write events as one canonical file of that day."""
        folder = self.folder / "landing" / "canonical" / delivery_day
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")

    def inventory(self, *lines: str) -> None:
        """Write the inventory; each line in the order of `INVENTORY_HEADER`."""
        folder = self.folder / "inventory"
        folder.mkdir(exist_ok=True)
        (folder / "clusters.csv").write_text("\n".join([INVENTORY_HEADER, *lines]) + "\n", encoding="utf-8")

    def take_in(self, upto: str) -> Intake:
        return take_in(self.db, self.folder / "landing", upto=day(upto), scratch=self.folder / "scratch")

    def fold(self, upto: str) -> Fold:
        """Fold the deliveries up to that day with the inventory as it is now."""
        with self.transaction() as db:
            inventory_sha256 = load_inventory(db, self.folder / "inventory")
        return fold(self.db, day=day(upto), inventory_sha256=inventory_sha256)

    def count(self, upto: str, objectives: Objectives) -> Count:
        with self.transaction() as db:
            return count_cells(db, day=day(upto), objectives=objectives)

    def status(self, upto: str, objectives: Objectives) -> list[Row]:
        """The status of that day, whose cells have been counted."""
        with self.transaction() as db:
            return status(db, day=day(upto), objectives=objectives).to_dicts()

    def stored_status(self, upto: str, objectives: Objectives) -> list[Row]:
        """The same after its way through the table `slo.status`."""
        with self.transaction() as db:
            write_status(db, day=day(upto), objectives=objectives, basis="")
        return self.rows("SELECT * FROM slo.status WHERE report_date = ? ORDER BY ALL", [day(upto)])

    def start_again(self) -> None:
        """Forget everything but the events: the next fold and count are the first."""
        with self.transaction() as db:
            for table in ("operations", "other_operations", "running", "state", "touched_days"):
                db.execute(f"DELETE FROM upgrades.{table}")
            for table in ("telemetry.touched", "slo.cells", "slo.cells_state", "slo.status", "slo.status_state"):
                db.execute(f"DELETE FROM {table}")

    def operations(self) -> list[Row]:
        """Every operation with the contract's columns, by cluster and id."""
        return self.rows(f"SELECT {_OPERATIONS} FROM upgrades.operations ORDER BY cluster_id, operation_id")

    def operation(self, operation: str = "op", cluster: str = "c") -> Row:
        [found] = [row for row in self.operations() if (row["operation_id"], row["cluster_id"]) == (operation, cluster)]
        return found

    def stored_operations(self) -> list[Row]:
        """Every operation with every column, those of our own included."""
        return self.rows("SELECT * FROM upgrades.operations ORDER BY cluster_id, operation_id")

    def cells(self) -> list[Row]:
        return self.rows("SELECT * FROM slo.cells ORDER BY ALL")

    def touched_days(self) -> set[str]:
        return {row["day"].isoformat() for row in self.rows("SELECT day FROM upgrades.touched_days")}

    def rows(self, statement: str, values: list[Any] | None = None) -> list[Row]:
        result = self.db.execute(statement, values)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def small_home(folder: Path) -> Iterator[SmallHome]:
    """A home in this folder, with a warehouse whose one connection stays open."""
    warehouse = Warehouse(path=folder / "warehouse.duckdb", scratch=folder / "scratch", threads=1)
    warehouse.path.write_bytes(_empty_warehouse())
    with warehouse.connection() as db:
        yield SmallHome(folder, db)


@cache
def _empty_warehouse() -> bytes:
    """A warehouse with its tables, made once: most of what a home costs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with Warehouse(path=path, scratch=Path(folder)).connection() as db:
            db.execute("CHECKPOINT")
        return path.read_bytes()
