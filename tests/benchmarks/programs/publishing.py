"""One process that publishes the report of a day whose status is there: page, tables, manifest and snapshot, without the gate.

Belongs here: what the asset `daily_report` does when every check has passed.
Does not belong here: making the status (`steps.py`).

Usage: publishing.py HOME DAY
"""

import sys
from datetime import date
from pathlib import Path


def main(folder: Path, day: date) -> None:
    from assets.home import Home
    from assets.reports.basis import basis_of
    from assets.reports.model import read_report_data
    from assets.reports.publish import publish
    from assets.reports.snapshot import write_snapshot
    from assets.reports.verdicts import Decision
    from assets.slo.objectives import load_objectives
    from assets.telemetry.inventory import inventory_sha256
    from assets.warehouse import Warehouse

    home = Home(folder)
    warehouse = Warehouse(home.warehouse, home.scratch)
    objectives = load_objectives(home.objectives)
    with warehouse.transaction() as db:
        basis = basis_of(db, day=day, objectives_sha256=objectives.sha256, inventory_sha256=inventory_sha256(home.inventory))
        data = read_report_data(db, day=day, objectives=objectives, basis=basis, verdicts=())
        decision = Decision(verdicts=(), reasons=())
        publish(home.published, data=data, basis=basis, decision=decision, ledger={})
    with warehouse.connection() as db:
        write_snapshot(db, home.published, day=day)


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
