"""Dagster assets of the upgrades slice.

Belongs here: `upgrade_operations`, thin over `fold.py`.
Does not belong here: any folding.
"""

import dagster as dg

from assets.frames import query
from assets.home import Home
from assets.metadata import columns_of, table
from assets.partitions import daily_asset, day_of
from assets.sql_files import sql_beside
from assets.telemetry.assets import telemetry_events
from assets.telemetry.inventory import load_inventory
from assets.transactions import transaction
from assets.upgrades.fold import fold
from assets.warehouse import Warehouse

sql = sql_beside(__file__)


@daily_asset(
    deps=[telemetry_events],
    group_name="upgrades",
    kinds={"duckdb", "sql"},
    tags={"slice": "upgrades"},
)
def upgrade_operations(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """One row per attempt to upgrade one resource, as the deliveries up to the day tell it."""
    day = day_of(context)
    with warehouse.connection() as db:
        with transaction(db):
            inventory_sha256 = load_inventory(db, home.inventory)
        folded = fold(
            db,
            day=day,
            inventory_sha256=inventory_sha256,
            progress=lambda each, done, due: context.log.info(f"folding up to {each}: {done} of {due} steps done"),
        )
        [(operations,)] = db.execute("SELECT count(*) FROM upgrades.operations").fetchall()
        states = query(db, sql("day_states"), {"day": day})
        schema = columns_of(db, "upgrades", "operations")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": operations,
            "dagster/column_schema": schema,
            "operations_folded": folded.operations,
            "start_days_touched": folded.days,
            "states_of_the_day": table(states),
        }
    )
