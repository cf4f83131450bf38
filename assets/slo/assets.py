"""Dagster assets of the slo slice.

Belongs here: `slo_cells` and `slo_status`, thin over `cells.py`, `status.py` and `alerts.py`.
Does not belong here: any counting or judging.
"""

import dagster as dg

from assets.frames import query
from assets.home import Home
from assets.metadata import columns_of, table
from assets.partitions import daily_asset, day_of
from assets.reports.basis import basis_of
from assets.slo.alerts import FIRING, write_alerts
from assets.slo.cells import count_cells
from assets.slo.objectives import load_objectives
from assets.slo.status import write_status
from assets.sql_files import sql_beside
from assets.upgrades.assets import upgrade_operations
from assets.upgrades.fold import inventory_sha256_of
from assets.warehouse import Warehouse

sql = sql_beside(__file__)


@daily_asset(
    deps=[upgrade_operations],
    group_name="slo",
    kinds={"duckdb", "sql"},
    tags={"slice": "slo"},
)
def slo_cells(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Good, bad, pending and excluded operations per start-day, SLO and finest slice."""
    objectives = load_objectives(home.objectives)
    with warehouse.transaction() as db:
        counted = count_cells(db, day=day_of(context), objectives=objectives)
        [(cells,)] = db.execute("SELECT count(*) FROM slo.cells").fetchall()
        schema = columns_of(db, "slo", "cells")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": cells,
            "dagster/column_schema": schema,
            "days_counted": counted.days,
            "cells_written": counted.cells,
            "objectives": ", ".join(each.name for each in objectives.objectives),
        }
    )


@daily_asset(
    deps=[slo_cells],
    group_name="slo",
    kinds={"duckdb", "polars"},
    tags={"slice": "slo"},
)
def slo_status(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """For every SLO, window and slice: counts, ratio with interval, verdict, error budget, quantiles; and its alerts."""
    day = day_of(context)
    objectives = load_objectives(home.objectives)
    with warehouse.transaction() as db:
        basis = basis_of(
            db,
            day=day,
            objectives_sha256=objectives.sha256,
            inventory_sha256=inventory_sha256_of(db),  # the one that the operations rest on, whatever stands in the home by now
        )
        rows = write_status(db, day=day, objectives=objectives, basis=basis.sha256)
        write_alerts(db, day=day, objectives=objectives)
        fleet = query(db, sql("fleet_status"), {"report_date": day})
        alerts = query(db, sql("telling_alerts"), {"report_date": day})
        schema = columns_of(db, "slo", "status")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            "dagster/column_schema": schema,
            "fleet": table(fleet),
            "alerts": table(alerts),
            "alerts_firing": int((alerts["state"] == FIRING).sum()),
            "slices_missed": int(fleet.get_column("slices_missed").sum()),
        }
    )
