"""The one Definitions object: assets, checks, job, schedule, sensor and the resources they run on.

Belongs here: putting the parts together, for production and tests alike.
Does not belong here: anything that computes, and the parts themselves.
"""

from collections.abc import Mapping

import dagster as dg

from assets.home import Home
from assets.reports.assets import alert_notifications, daily_report
from assets.reports.targets import NOBODY, Targets
from assets.slo.assets import slo_cells, slo_status
from assets.telemetry.assets import telemetry_events
from assets.upgrades.assets import upgrade_operations
from assets.warehouse import Warehouse
from pipelines.jobs import daily_slo_report
from pipelines.schedules import daily_slo_report_schedule
from pipelines.sensors import late_delivery_sensor
from pipelines.settings import load_settings
from quality.checks import build_checks


def build_definitions(
    *,
    home: Home,
    warehouse: Warehouse,
    targets: Targets = NOBODY,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Everything Dagster knows of the pipeline, on this home and this warehouse; `loggers` replace Dagster's console."""
    return dg.Definitions(
        assets=[telemetry_events, upgrade_operations, slo_cells, slo_status, daily_report, alert_notifications],
        asset_checks=build_checks(home),
        jobs=[daily_slo_report],
        schedules=[daily_slo_report_schedule],
        sensors=[late_delivery_sensor],
        resources={"home": home, "warehouse": warehouse, "targets": targets},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions on the home that the environment names."""
    settings = load_settings()
    return build_definitions(home=settings.home, warehouse=settings.warehouse, targets=settings.targets)
