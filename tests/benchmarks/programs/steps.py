"""One process that brings a home from its landing files to the status of a day, without Dagster, the gate and the page.

Belongs here: calling the product's steps one after the other.
Does not belong here: what a whole run adds to them (`upgrade-slo run`), running this (`rows/`).

Usage: steps.py HOME DATABASE DAY [STATUS.parquet]
"""

import sys
from datetime import date
from pathlib import Path


def main(home: Path, database: Path, day: date, target: Path | None) -> None:
    """Bring the warehouse in `database` to `day`; write the rows of the status to `target`."""
    from assets.slo.cells import count_cells
    from assets.slo.objectives import load_objectives
    from assets.slo.status import write_status
    from assets.telemetry.intake import take_in
    from assets.telemetry.inventory import load_inventory
    from assets.transactions import transaction
    from assets.upgrades.fold import fold
    from assets.warehouse import Warehouse

    warehouse = Warehouse(database, database.parent / "scratch")
    with warehouse.connection() as db:
        take_in(db, home / "landing", upto=day, scratch=database.parent / "scratch")
        with transaction(db):
            inventory_sha256 = load_inventory(db, home / "inventory")
        fold(db, day=day, inventory_sha256=inventory_sha256)
    objectives = load_objectives(None)
    with warehouse.transaction() as db:
        count_cells(db, day=day, objectives=objectives)
    with warehouse.transaction() as db:
        write_status(db, day=day, objectives=objectives, basis="")
        [(events,)] = db.execute("SELECT count(*) FROM telemetry.events").fetchall()
        print(events)
        if target:
            db.execute(f"COPY (FROM slo.status WHERE report_date = '{day}') TO '{target}' (FORMAT parquet)")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0]), Path(arguments[1]), date.fromisoformat(arguments[2]), Path(arguments[3]) if arguments[3:] else None)
