"""A whole home: a few deliveries, a warehouse, verdicts and reports, and everything a test does with them.

Belongs here: delivering lines, bringing the tables to a day, reporting, and reading back what a home holds.
Does not belong here: expectations; those stand in the tests. The tables alone, event by event, are `small_home.py`'s.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from assets.home import Home
from assets.warehouse import Warehouse
from pipelines.settings import Settings

# A ratio and a threshold, each over 7 days: with the look-backs of 1, 3 and 28 days that makes eight rows for the fleet.
OBJECTIVES = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
spec: {description: Upgrades of Kubernetes}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: success, displayName: Upgrades succeed}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 7d, isRolling: true}]
  indicator:
    metadata: {name: success}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {table: operations, where: state = 'succeeded'}}}
        total: {metricSource: {spec: {table: operations}}}
  objectives: [{target: 0.9}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: speed, displayName: Upgrades within an hour}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 7d, isRolling: true}]
  indicator:
    metadata: {name: speed}
    spec:
      thresholdMetric: {metricSource: {spec: {table: operations, value: duration_seconds}}}
  objectives: [{op: lte, value: 3600, target: 0.9}]
"""


def lines_of(
    operation: str, started: datetime, *, seconds: float | None = 600, outcome: str = "succeeded", **data: Any
) -> list[str]:
    """The canonical events of one operation: its start, and its end after `seconds` (None: it still runs)."""
    about = {
        "operation_id": operation,
        "cluster_id": f"cluster-of-{operation}",
        "scope": "control_plane",
        "provider": "aks",
        "region": "westeurope",
        "to_version": "1.31.2",
        "trigger": "manual",
        "workload_type": "web",
        **data,
    }
    moments = {"started": started} | ({} if seconds is None else {outcome: started + timedelta(seconds=seconds)})
    return [
        json.dumps(
            {
                "specversion": "1.0",
                "id": f"{operation}-{kind}",
                "source": "/tests",
                "type": f"dev.upgradeslo.operation.{kind}",
                "time": f"{moment.isoformat()}Z",
                "data": about,
            }
        )
        for kind, moment in moments.items()
    ]


@dataclass
class WholeHome:
    """A home, and the steps of the pipeline on it as methods."""

    settings: Settings

    @property
    def home(self) -> Home:
        return self.settings.home

    @property
    def warehouse(self) -> Warehouse:
        return self.settings.warehouse

    @property
    def published(self) -> Path:
        return self.home.published

    def deliver(self, day: date, *lines: str, name: str = "part-0.ndjson", source: str = "canonical") -> Path:
        """Write a delivery of these lines, empty without any; returns its file."""
        file = self.home.landing / source / day.isoformat() / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return file

    def deliver_ordinary_days(self, first: date, days: int) -> None:
        """Three operations a day: one quick, one that failed, one that took too long; one more still runs on the last day."""
        for number in range(days):
            day = first + timedelta(days=number)
            at = datetime.combine(day, time(8))
            lines = [
                *lines_of(f"quick-{day}", at, seconds=600),
                *lines_of(f"broken-{day}", at, outcome="failed", scope="node_pool", node_pool="np1", error_code="QuotaExceeded"),
                *lines_of(
                    f"slow-{day}", at, seconds=5_000, scope="node_pool", node_pool="np1", region="eastus", to_version="1.30.9"
                ),
            ]
            if number == days - 1:
                lines += lines_of(f"running-{day}", at, seconds=None)
            self.deliver(day, *lines)

    def bring_to(self, day: date) -> None:
        """Every table as of the end of `day`, without judging or publishing."""
        from assets.reports.basis import basis_of
        from assets.slo.alerts import write_alerts
        from assets.slo.cells import count_cells
        from assets.slo.objectives import load_objectives
        from assets.slo.status import write_status
        from assets.telemetry.intake import take_in
        from assets.telemetry.inventory import load_inventory
        from assets.upgrades.fold import fold

        objectives = load_objectives(self.home.objectives)
        with self.warehouse.connection() as db:
            take_in(db, self.home.landing, upto=day, scratch=self.home.scratch)
        with self.warehouse.transaction() as db:
            inventory_sha256 = load_inventory(db, self.home.inventory)
        with self.warehouse.connection() as db:
            fold(db, day=day, inventory_sha256=inventory_sha256)
        with self.warehouse.transaction() as db:
            count_cells(db, day=day, objectives=objectives)
            basis = basis_of(db, day=day, objectives_sha256=objectives.sha256, inventory_sha256=inventory_sha256)
            write_status(db, day=day, objectives=objectives, basis=basis.sha256)
            write_alerts(db, day=day, objectives=objectives)

    def basis(self, day: date) -> str:
        """The hash of what the figures of `day` rest on at this moment."""
        from assets.reports.basis import basis_of
        from assets.slo.objectives import load_objectives
        from assets.telemetry.inventory import inventory_sha256

        with self.warehouse.transaction() as db:
            return basis_of(
                db,
                day=day,
                objectives_sha256=load_objectives(self.home.objectives).sha256,
                inventory_sha256=inventory_sha256(self.home.inventory),
            ).sha256

    def store_passed(self, day: date) -> None:
        """A passed verdict of every suite on the present data: what the gate stores for a healthy day, without its seconds."""
        from assets.reports.verdicts import ERROR, SUITES, Verdict, store_verdicts

        basis = self.basis(day)
        with self.warehouse.transaction() as db:
            for suite in SUITES:
                verdict = Verdict(suite=suite, check="all_is_well", severity=ERROR, passed=True, observed="1", rule="it is")
                store_verdicts(db, day=day, suite=suite, verdicts=[verdict], basis=basis)

    def report(self, day: date) -> Any:
        """Materialise `daily_report` of `day` alone, as from the UI; returns what the asset returns."""
        import dagster as dg

        from assets.reports.assets import daily_report

        with dg.build_asset_context(partition_key=day.isoformat(), instance=_dagster()) as context:
            return daily_report(context, home=self.home, warehouse=self.warehouse)

    def publish(self, day: date) -> Any:
        """Everything of `day` up to its report, with passed verdicts."""
        # Kept open, for opening costs more than most of the steps; tests of the command open and close it as a run does.
        with self.warehouse.connection():
            self.bring_to(day)
            self.store_passed(day)
            return self.report(day)

    def manifest(self, day: date) -> dict[str, Any]:
        return json.loads((self.published / day.isoformat() / "manifest.json").read_bytes())

    def tables(self, *, leave_out: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """The sorted rows of every table of the warehouse, by `schema.table`."""
        return tables_in(self.warehouse.path, leave_out=leave_out)

    def upgrade_slo(self, *words: str, **environment: str) -> Result:
        """Run the command on this home, in this process; what it sets in the environment is taken back."""
        from pipelines.cli import main

        limits = {"UPGRADE_SLO_THREADS": "1", "UPGRADE_SLO_PATIENCE_SECONDS": "0", "UPGRADE_SLO_MEMORY_LIMIT": "1GB"}
        dagster = {"DAGSTER_HOME": None, "DAGSTER_DISABLE_TELEMETRY": None}
        settings = {"UPGRADE_SLO_HOME": str(self.home.root), **limits, **dagster, **environment}
        return CliRunner(env=settings).invoke(main, [*words])

    def copy(self, root: Path) -> "WholeHome":
        """The same home, with everything in it, under another root."""
        shutil.copytree(self.home.root, root, symlinks=True)
        return home_at(root, gaps_are_errors=self.home.gaps_are_errors)


@cache
def _dagster() -> Any:
    """One for all contexts, which would each make the databases of their own; nothing is written to it."""
    import dagster as dg

    return dg.DagsterInstance.ephemeral()


def tables_in(
    database: Path, *, leave_out: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> dict[str, list[tuple[Any, ...]]]:
    """The sorted rows of every table and view of a DuckDB file, by `schema.table`; `without` are columns that are not read."""
    with duckdb.connect(str(database), read_only=True) as db:
        names = db.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1"
        ).fetchall()
        return {name: _rows(db, name, without) for (name,) in names if name not in leave_out}


def _rows(db: duckdb.DuckDBPyConnection, table: str, without: tuple[str, ...]) -> list[tuple[Any, ...]]:
    columns = [row[0] for row in db.execute(f"DESCRIBE {table}").fetchall() if row[0] not in without]
    listed = ", ".join(f'"{column}"' for column in columns)
    return sorted(db.execute(f"SELECT {listed} FROM {table}").fetchall(), key=repr)


def bytes_under(folder: Path) -> dict[str, bytes]:
    """The content of every file under a folder, links followed, by path below it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file():
            yield entry


def home_at(root: Path, *, gaps_are_errors: bool = True) -> WholeHome:
    """The home in this folder, with a warehouse that does not wait for others."""
    home = Home(root=root, gaps_are_errors=gaps_are_errors)
    warehouse = Warehouse(path=home.warehouse, scratch=home.scratch, memory_limit="1GB", threads=1, patience_seconds=0)
    return WholeHome(Settings(home=home, warehouse=warehouse))


def new_home(root: Path, *, gaps_are_errors: bool = True) -> WholeHome:
    """A new home in this folder, with the two objectives above and nothing delivered."""
    whole = home_at(root, gaps_are_errors=gaps_are_errors)
    whole.home.objectives.mkdir(parents=True)
    (whole.home.objectives / "slo.yaml").write_text(OBJECTIVES, encoding="utf-8")
    return whole
