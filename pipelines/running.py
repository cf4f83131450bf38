"""Running the job from the command line: the same definitions as the UI, in this process, one run per report day.

Belongs here: executing days one after the other and saying how each ended; rebuilding the warehouse.
Does not belong here: options and exit codes (`cli.py`), what a run does (`jobs.py`, the assets).
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from assets.home import Home
from assets.key_index import key_folder
from assets.reports.basis import basis_of
from assets.reports.publish import published_days
from assets.telemetry.intake import take_in
from assets.telemetry.inventory import load_inventory
from assets.telemetry.landing import LandingError, deliveries
from assets.transactions import transaction
from assets.upgrades.fold import fold
from assets.warehouse import WarehouseOutdated, WarehouseUnreadable
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from assets.slo.objectives import Objectives


# Hears what is being done, the day at hand, the days done and the days due.
ByDay = Callable[[str, date, int, int], None]


def nobody_watches(_what: str, _day: date, _done: int, _due: int) -> None:
    """Progress that nobody wants to hear of."""


class Ending(Enum):
    """How the run of a report day ended."""

    PUBLISHED = "published"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class DayRun:
    """One report day's run: how it ended, the file that shows it, and a sentence when it did not end well."""

    day: date
    ending: Ending
    path: Path | None = None
    message: str = ""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild made."""

    events: int
    operations: int


def newest_delivery_day(home: Home, *, today: date) -> date:
    """The newest day with a delivery that is not in the future.

    Raises:
        LandingError: when there is none.
    """
    days = {each.day for each in deliveries(home.landing) if each.day <= today}
    if not days:
        raise LandingError(
            f"{home.landing} holds no delivery; accepted: <source>/<YYYY-MM-DD>/<name>.ndjson, plain or .gz or .zst. "
            "Put files there, or write a synthetic fleet with `upgrade-slo simulate`."
        )
    return max(days)


def run_days(settings: Settings, days: list[date], *, progress: ByDay = nobody_watches) -> Iterator[DayRun]:
    """Run the job for each day in order, on this home's Dagster instance; a bad day does not hold the others back.

    What the assets raise ends that day's run as failed, with their message.
    """
    import dagster as dg

    from pipelines import runs
    from pipelines.console import our_warnings
    from pipelines.definitions import build_definitions
    from pipelines.jobs import daily_slo_report

    definitions = build_definitions(
        home=settings.home, warehouse=settings.warehouse, targets=settings.targets, loggers={"console": our_warnings}
    )
    job = definitions.resolve_job_def(daily_slo_report.name)
    with dg.DagsterInstance.get() as instance:
        # This process holds the home, so no other command is alive to own them.
        runs.end_abandoned(instance, job_name=job.name, is_held=lambda: False)
        for number, day in enumerate(days):
            progress("building", day, number, len(days))
            result = job.execute_in_process(
                partition_key=day.isoformat(),
                instance=instance,
                raise_on_error=False,
                tags={runs.COMMAND_TAG: "run"},
                run_config={"loggers": {"console": {}}},  # a logger that is not asked for does not replace Dagster's own
            )
            yield _ending(settings.home, day, result)


def rebuild_warehouse(settings: Settings, *, upto: date, progress: ByDay = nobody_watches) -> Rebuilt:
    """Make the warehouse anew from the landing zone, as of the end of `upto`, with the status of every published day up to it.

    The new file takes the old one's place when it is complete. Published reports stay as they are; a day that is run again is
    judged anew and compared with what it published.

    Raises:
        WarehouseHeld: when another process is using the old file.
    """
    from assets.slo.objectives import load_objectives

    home, old = settings.home, settings.warehouse
    with contextlib.suppress(WarehouseOutdated, WarehouseUnreadable), old.connection():
        pass  # nobody else may be writing to it; what it holds, or whether it can be read, does not matter
    objectives = load_objectives(home.objectives)
    new = replace(old, path=old.path.with_name(f"{old.path.name}.new"))
    _remove(new.path)
    with new.connection() as db:
        take_in(db, home.landing, upto=upto, scratch=home.scratch, progress=partial(progress, "taking in"))
    with new.connection() as db:
        for day in sorted({upto, *(each for each in published_days(home.published) if each < upto)}):
            _derive(db, home, day, objectives, partial(progress, "folding"))
        [(events,)] = db.execute("SELECT count(*) FROM telemetry.events").fetchall()
        [(operations,)] = db.execute("SELECT count(*) FROM upgrades.operations").fetchall()
        db.execute("CHECKPOINT")
    _remove(old.path)
    new.path.replace(old.path)
    if key_folder(new.path).exists():  # without an event there is no key; if it is lost on the way, the indexes are made anew
        key_folder(new.path).replace(key_folder(old.path))
    return Rebuilt(events=events, operations=operations)


def _derive(
    db: duckdb.DuckDBPyConnection, home: Home, day: date, objectives: "Objectives", progress: Callable[[date, int, int], None]
) -> None:
    """Operations and cells as of the end of `day`, and its status and alerts when a report of it is published."""
    from assets.slo.alerts import write_alerts
    from assets.slo.cells import count_cells
    from assets.slo.status import write_status

    with transaction(db):
        inventory_sha256 = load_inventory(db, home.inventory)
    fold(db, day=day, inventory_sha256=inventory_sha256, progress=progress)
    with transaction(db):
        count_cells(db, day=day, objectives=objectives)
        if day in published_days(home.published):
            basis = basis_of(db, day=day, objectives_sha256=objectives.sha256, inventory_sha256=inventory_sha256)
            write_status(db, day=day, objectives=objectives, basis=basis.sha256)
            write_alerts(db, day=day, objectives=objectives)


def _remove(database: Path) -> None:
    for suffix in ("", ".wal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(key_folder(database), ignore_errors=True)


def _ending(home: Home, day: date, result: "dg.ExecuteInProcessResult") -> DayRun:
    if result.success:
        return DayRun(day, Ending.PUBLISHED, home.published / day.isoformat() / "report.html")
    refused = [
        f"{each.check_name}: {each.description}"
        for each in result.get_asset_check_evaluations()
        if not each.passed and each.severity.value == "ERROR"
    ]
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    failures_of_their_own = [each for each in failures if each.user_failure_data is None]
    reasons = home.refused / day.isoformat() / "reasons.json"
    if refused:
        return DayRun(day, Ending.REFUSED, reasons, "; ".join(refused))
    for each in failures:
        if each.user_failure_data is not None and "refused" in each.user_failure_data.metadata:
            return DayRun(day, Ending.REFUSED, reasons, each.user_failure_data.description or "")
    causes = [_cause(each.error) for each in failures_of_their_own if each.error]
    return DayRun(day, Ending.FAILED, None, "; ".join(causes) or f"the run {result.run_id} failed; its events say why")


def _cause(error: Any) -> str:
    """What went wrong: our own message as it is; failing one, the first cause with its kind and where it came up."""
    while True:
        kind, _, text = str(error.message).strip().partition(": ")
        if kind.startswith(("assets.", "quality.", "pipelines.")) and kind.endswith(f".{error.cls_name}"):
            return text
        if not error.cause:
            return f"{error.message.strip()}\n{''.join(error.stack[-1:]).strip()}"
        error = error.cause
