"""Dagster assets of the telemetry slice.

Belongs here: `telemetry_events`, thin over `intake.py` and `inventory.py`.
Does not belong here: any reading or counting.
"""

import dagster as dg

from assets.frames import query
from assets.home import Home
from assets.metadata import columns_of, table
from assets.partitions import daily_asset, day_of
from assets.sql_files import sql_beside
from assets.telemetry.intake import take_in
from assets.telemetry.inventory import load_inventory
from assets.warehouse import Warehouse

sql = sql_beside(__file__)


@daily_asset(
    group_name="telemetry",
    kinds={"duckdb", "json"},
    tags={"slice": "telemetry"},
)
def telemetry_events(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Accepted events of every delivery up to the day, with the quarantine and the ledger that accounts for every line."""
    day = day_of(context)
    with warehouse.connection() as db:
        intake = take_in(
            db,
            home.landing,
            upto=day,
            scratch=home.scratch,
            progress=lambda each, done, due: context.log.info(f"taking in {each}: {done} of {due} days done"),
        )
    for message in (*intake.restated, *intake.failed):
        context.log.warning(message)
    with warehouse.transaction() as db:
        load_inventory(db, home.inventory)
        ledger = query(db, sql("day_ledger"), {"delivery_day": day})
        [(events, accepted, lines, quarantined, duplicate)] = db.execute(sql("day_totals"), {"delivery_day": day}).fetchall()
        schema = columns_of(db, "telemetry", "events")
        for each in intake.days:
            if each != day:
                context.log_event(
                    dg.AssetMaterialization(asset_key=context.asset_key, partition=each.isoformat(), description="caught up")
                )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": events,
            "dagster/column_schema": schema,
            "rows_received": lines,
            "rows_accepted": accepted,
            "rows_duplicate": duplicate,
            "rows_quarantined": quarantined,
            "days_taken_in": len(intake.days),
            "files_taken_in": intake.files,
            "ledger": table(ledger),
            "restated": dg.MetadataValue.text("\n".join(intake.restated) or "nothing"),
            "unreadable": dg.MetadataValue.text("\n".join(intake.failed) or "nothing"),
        }
    )
