"""The sensor: a file that arrives late, changes or goes restates the reports that saw, or did not see, it.

Belongs here: comparing the landing zone, the ledger and the published manifests, and asking for runs.
Does not belong here: the comparison's rules (`due.py`), taking the file in (`assets/telemetry/intake.py`).
"""

from functools import partial

import dagster as dg

from assets.home import Home
from assets.reports.publish import published_days, stale_days
from assets.telemetry.landing import deliveries
from assets.telemetry.ledger import changed_days as changed_delivery_days
from assets.telemetry.ledger import recorded_files
from assets.warehouse import Warehouse, WarehouseHeld
from pipelines import due, runs
from pipelines.holding import is_held
from pipelines.jobs import daily_slo_report

# Runs asked for per evaluation; they queue for one slot, and the next evaluation, minutes later, asks for the rest.
MOST_AT_ONCE = 10


@dg.sensor(
    name="late_delivery_sensor",
    job=daily_slo_report,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Builds published days again when a file in their past is new, changed or gone.",
)
def late_delivery_sensor(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> list[dg.RunRequest] | dg.SkipReason:
    """One run request per published day whose inputs moved; the ledger is compared, not modification times."""
    runs.end_abandoned(context.instance, job_name=daily_slo_report.name, is_held=partial(is_held, home))
    published = published_days(home.published)
    if not published:
        return dg.SkipReason("nothing is published yet")
    present = deliveries(home.landing)
    try:
        with warehouse.transaction() as db:
            changed = changed_delivery_days(present, recorded_files(db), upto=published[-1])
            stale = stale_days(db, home.published)
    except WarehouseHeld as held:
        return dg.SkipReason(str(held))
    days = due.changed_days(published=published, changed=changed, stale=stale)
    asked = runs.requests(context.instance, job_name=daily_slo_report.name, days=days, deliveries=present, most=MOST_AT_ONCE)
    return asked or dg.SkipReason("no published day is affected, or its runs are under way or used up")
