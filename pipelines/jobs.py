"""The one job: a report day, from deliveries to the published report.

Belongs here: what a run consists of.
Does not belong here: when it runs (`schedules.py`, `sensors.py`), the assets and checks themselves.
"""

import dagster as dg

daily_slo_report = dg.define_asset_job(
    "daily_slo_report",
    selection=dg.AssetSelection.all(),  # partitioned as the assets are
    description="Takes in what was delivered up to the day, judges every table, and publishes the day's report.",
    executor_def=dg.in_process_executor,
)
