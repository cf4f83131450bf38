"""The one partition of the pipeline, the delivery day in UTC, and the assets that have it.

Belongs here: the partitions definition, what every asset on it shares, and the day of a running partition.
Does not belong here: which days are due (`pipelines/schedules.py`, `pipelines/sensors.py`).
"""

from datetime import date
from functools import partial

import dagster as dg

# No delivery day is older than Kubernetes; a constant start keeps partition keys stable in the instance's history.
# The day itself is a partition as soon as it begins: deliveries of today may be looked at today.
# Assets keep the default backfill policy, one run per day: a bad day fails alone, and the intake of any day catches up on all
# earlier ones by itself.
daily = dg.DailyPartitionsDefinition(start_date="2014-06-06", timezone="UTC", end_offset=1)

# One DuckDB writer: runs take turns in one pool.
daily_asset = partial(dg.asset, partitions_def=daily, owners=["team:upgrade-slo"], pool="warehouse")


def day_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date:
    """The delivery day that this run is for."""
    return date.fromisoformat(context.partition_key)
