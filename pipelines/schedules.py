"""The schedule: every morning, each day that has no report yet.

Belongs here: the tick, and what it asks for.
Does not belong here: which days those are (`due.py`), late files (`sensors.py`).
"""

from datetime import UTC
from functools import partial

import dagster as dg

from assets.home import Home
from assets.reports.publish import published_days
from assets.telemetry.landing import deliveries
from pipelines import due, runs
from pipelines.holding import is_held
from pipelines.jobs import daily_slo_report

# Runs asked for per tick, the oldest day first; more than an outage has days, since the next tick comes a day later.
MOST_AT_ONCE = 100


@dg.schedule(
    name="daily_slo_report_schedule",
    job=daily_slo_report,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="06:00 UTC: the report of yesterday, and of every day missed before, as after an outage.",
)
def daily_slo_report_schedule(
    context: dg.ScheduleEvaluationContext, home: dg.ResourceParam[Home]
) -> list[dg.RunRequest] | dg.SkipReason:
    """One run request per day without a report. The stock schedule of a partitioned job only asks for the latest."""
    runs.end_abandoned(context.instance, job_name=daily_slo_report.name, is_held=partial(is_held, home))
    present = deliveries(home.landing)
    days = due.missed_days(
        published=published_days(home.published),
        delivered={each.day for each in present},
        today=context.scheduled_execution_time.astimezone(UTC).date(),
    )
    asked = runs.requests(context.instance, job_name=daily_slo_report.name, days=days, deliveries=present, most=MOST_AT_ONCE)
    return asked or dg.SkipReason(
        "every day up to yesterday has a report, is under way, or has used up its attempts with these deliveries"
    )
