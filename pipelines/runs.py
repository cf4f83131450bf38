"""Runs of the job as Dagster knows them: asking for them, and how they ended.

Belongs here: run requests with their tags, attempts counted from the instance's history, runs whose process is gone.
Does not belong here: which days are due (`due.py`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import date

import dagster as dg

from assets.telemetry.landing import Delivery
from pipelines.due import next_attempts

DELIVERIES_TAG = "upgrade_slo/deliveries"
# On runs of the upgrade-slo command, which holds the home for as long as it lives.
COMMAND_TAG = "upgrade_slo/command"
_PARTITION_TAG = "dagster/partition"
# A success too: a day that is due after one has lost its report, and Dagster drops a request whose run key was used before.
_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.SUCCESS]
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def requests(
    instance: dg.DagsterInstance,
    *,
    job_name: str,
    days: Iterable[date],
    deliveries: Collection[Delivery],
    most: int | None = None,
) -> list[dg.RunRequest]:
    """Run requests, `most` of them, for the due days that are not under way and have attempts left."""
    waiting = {run.tags.get(_PARTITION_TAG) for run in _runs(instance, job_name, _UNDER_WAY)}
    attempts = Counter(
        (date.fromisoformat(run.tags[_PARTITION_TAG]), run.tags[DELIVERIES_TAG])
        for run in _runs(instance, job_name, _ENDED)
        if _PARTITION_TAG in run.tags and DELIVERIES_TAG in run.tags
    )
    due = [day for day in days if day.isoformat() not in waiting]
    return [
        dg.RunRequest(
            run_key=f"{day}:{by}:{attempt}", partition_key=day.isoformat(), tags={DELIVERIES_TAG: by}, job_name=job_name
        )
        for day, by, attempt in next_attempts(due, deliveries=deliveries, attempts=attempts, most=most)
    ]


def end_abandoned(instance: dg.DagsterInstance, *, job_name: str, is_held: Callable[[], bool]) -> None:
    """End the runs of an `upgrade-slo` command that was killed: for Dagster they would go on, and keep the only slot, for ever.

    `is_held`: whether a command that is alive may own them; it is asked after they have been listed.
    """
    left = [run for run in _runs(instance, job_name, _UNDER_WAY) if COMMAND_TAG in run.tags]
    if left and not is_held():
        for run in left:
            instance.report_run_failed(run, "the command that ran this is gone; it was killed")


def _runs(instance: dg.DagsterInstance, job_name: str, statuses: list[dg.DagsterRunStatus]) -> Collection[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(job_name=job_name, statuses=statuses), limit=1_000)
