"""Homes with a long history, written straight into the warehouse's tables, and the delivery of the day that follows.

Belongs here: a fleet's events in SQL, the ledger and the landing files that fit them, published days.
Does not belong here: simulated homes (`homes.py`), putting a home back (`state.py`), what runs on a history (`rows/`).

Only `telemetry.events`, `telemetry.files` and the past days' published status are written here; the product makes everything else
from them, once. A home is kept for as long as the layout and the code are the same.
"""

import hashlib
import json
import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from homes import END, ROOT, write_failures
from measure import Command, apart, measured, upgrade_slo
from state import keep, restore

if TYPE_CHECKING:
    import duckdb

    from assets.warehouse import Warehouse

LAST_DAY = END - timedelta(days=1)
EVENTS_PER_OPERATION = 2.77
_SQL = Path(__file__).with_name("sql")
_DAYS_AT_ONCE = 28
_PARTS = range(3)


def history(days: int, *, events_a_day: int, deliveries: int = 1) -> Path:
    """A home whose warehouse and published reports stand at `LAST_DAY` after so many days of about so many events each.

    The files of the `deliveries` days that follow stand in its landing zone, not yet taken in. `failures.csv` is given to others.
    """
    home = ROOT / f"history-{days}-days-{events_a_day}"
    operations_a_day = round(events_a_day / EVENTS_PER_OPERATION)
    layout, code = apart(_versions)
    if _read(home / "kept" / "layout") != layout:
        shutil.rmtree(home, ignore_errors=True)
        apart(_write_events, home, days, operations_a_day, deliveries)
        (home / "kept" / "layout").write_text(layout, encoding="utf-8")
    if _read(home / "kept" / "code") != code:
        restore(home)
        apart(_derive, home)
        measured(Command(upgrade_slo("run", "--date", LAST_DAY), {"UPGRADE_SLO_HOME": str(home)}))
        apart(_publish_the_past, home, days)
        keep(home)
        (home / "kept" / "code").write_text(code, encoding="utf-8")
    return home


def _versions() -> tuple[str, str]:
    """Of what the events rest on, and of what everything else rests on: a home that other code made is not this code's."""
    import duckdb

    from assets.code import code_sha256
    from assets.warehouse import LAYOUT

    ours = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(_SQL.glob("*history.sql")))).hexdigest()
    return f"{LAYOUT} {duckdb.__version__} {ours}", code_sha256("assets", "quality", "pipelines")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _write_events(home: Path, days: int, operations_a_day: int, deliveries: int) -> None:
    from assets.sql_files import compose
    from assets.warehouse import Warehouse

    kept = home / "kept"
    kept.mkdir(parents=True)
    first_day = LAST_DAY - timedelta(days=days - 1)
    query = (_SQL / "history.sql").read_text(encoding="utf-8")
    insert = compose((_SQL / "insert_history.sql").read_text(encoding="utf-8"), history=query)
    with Warehouse(kept / "warehouse.duckdb", home / "scratch").connection() as db:
        for done in range(0, days, _DAYS_AT_ONCE):
            since = first_day + timedelta(days=done)
            upto = min(since + timedelta(days=_DAYS_AT_ONCE - 1), LAST_DAY)
            values = {"first_day": since, "last_day": upto, "operations_a_day": operations_a_day}
            db.execute(insert, values | {"origin": first_day})
        for day in (first_day + timedelta(days=each) for each in range(days)):
            for part in _PARTS:
                _write_file(db, home, day, (day - first_day).days * len(_PARTS) + part + 1, part)
        for each in range(1, deliveries + 1):
            _deliver(db, home, LAST_DAY + timedelta(days=each), operations_a_day)
        found = db.execute("SELECT DISTINCT error_code, error_message FROM telemetry.events WHERE type = 'failed'").fetchall()
        write_failures(home / "failures.csv", set(found))
        (home / "inventory").mkdir()
        (home / "inventory" / "clusters.csv").write_text(
            "cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\n", encoding="utf-8"
        )
        db.execute("CHECKPOINT")


def _write_file(db: "duckdb.DuckDBPyConnection", home: Path, day: date, file_id: int, part: int) -> None:
    """A small landing file, and the ledger's row that claims it to be where the events of `file_id` came from."""
    path = f"canonical/{day}/part-{part:04}.ndjson"
    file = home / "landing" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{path}\n", encoding="utf-8")
    status = file.stat()
    [(events,)] = db.execute(
        "SELECT count(*) FROM telemetry.events WHERE file_id = ? AND delivery_day = ?", [file_id, day]
    ).fetchall()
    row = {
        "file_id": file_id,
        "path": path,
        "source": "canonical",
        "delivery_day": day,
        "stamp": f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "bytes": status.st_size,
        "status": "taken_in",
        **dict.fromkeys(("lines", "records", "accepted", "events"), events),
        **dict.fromkeys(("blank", "duplicate", "quarantined", "not_an_upgrade"), 0),
    }
    db.execute(f"INSERT INTO telemetry.files ({', '.join(row)}) VALUES ({', '.join(f'${name}' for name in row)})", row)


def _deliver(db: "duckdb.DuckDBPyConnection", home: Path, day: date, operations_a_day: int) -> None:
    """The canonical files of a day, three as on every other."""
    folder = home / "landing" / "canonical" / day.isoformat()
    folder.mkdir(parents=True)
    query = (_SQL / "history.sql").read_text(encoding="utf-8")
    export = (_SQL / "export_history.sql").read_text(encoding="utf-8").replace("{history}", query)
    for part in _PARTS:
        values = {"first_day": day, "last_day": day, "operations_a_day": operations_a_day, "part": part}
        db.execute(export.replace("{target}", str(folder / f"part-{part:04}.ndjson")), values)


def _derive(home: Path) -> None:
    """Let the product make everything that follows from events and ledger."""
    from assets.slo.cells import count_cells
    from assets.slo.objectives import load_objectives
    from assets.telemetry.inventory import load_inventory
    from assets.transactions import transaction
    from assets.upgrades.fold import fold
    from assets.warehouse import Warehouse

    for name in ("published", "dagster"):  # of other code
        shutil.rmtree(home / name, ignore_errors=True)
    warehouse = Warehouse(home / "warehouse.duckdb", home / "scratch")
    with warehouse.transaction() as db:
        db.execute("DELETE FROM slo.status")
        db.execute("DELETE FROM slo.status_state")
    _make_indexes(warehouse)
    with warehouse.connection() as db:
        with transaction(db):
            inventory_sha256 = load_inventory(db, home / "inventory")
        fold(db, day=LAST_DAY, inventory_sha256=inventory_sha256)
    with warehouse.transaction() as db:
        count_cells(db, day=LAST_DAY, objectives=load_objectives(None))
    with warehouse.connection() as db:
        db.execute("CHECKPOINT")


def _make_indexes(warehouse: "Warehouse") -> None:
    """Everything beside the tables that says where in them something is; the intake would have written it day by day."""
    from assets.telemetry.keys import IDENTITIES, THREADS

    for index in (IDENTITIES, THREADS):
        with warehouse.transaction() as db:
            index.rebuild(db)


def _publish_the_past(home: Path, days: int) -> None:
    """Give every earlier day the report of the last one, its status a day earlier each, as if it had been run every day."""
    from assets.reports.publish import BUILDS, STATUS
    from assets.warehouse import Warehouse

    published = home / "published"
    model = (published / LAST_DAY.isoformat()).resolve()
    statuses = home / "scratch" / "statuses"
    with Warehouse(home / "warehouse.duckdb", home / "scratch").connection() as db:
        shifted = (_SQL / "status_of_the_past.sql").read_text(encoding="utf-8")
        db.execute("INSERT INTO slo.status BY NAME " + shifted, {"day": LAST_DAY, "days": days})
        db.execute(
            f"COPY (FROM slo.status WHERE report_date < '{LAST_DAY}') TO '{statuses}' "
            "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (report_date), WRITE_PARTITION_COLUMNS)"
        )
        db.execute("CHECKPOINT")
    for day in (LAST_DAY - timedelta(days=back) for back in range(1, days)):
        folder = published / BUILDS / f"{day}.1"
        shutil.copytree(model, folder, copy_function=os.link)
        for name in (STATUS, "manifest.json"):  # its own, not a link to the last day's
            (folder / name).unlink()
        [status] = (statuses / f"report_date={day}").iterdir()
        status.rename(folder / STATUS)
        manifest = json.loads((model / "manifest.json").read_bytes())
        manifest["report_date"] = day.isoformat()
        manifest["artefacts"][STATUS] = hashlib.sha256((folder / STATUS).read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (published / day.isoformat()).symlink_to(Path(BUILDS) / folder.name)
    shutil.rmtree(statuses)
