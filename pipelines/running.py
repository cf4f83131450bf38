"""Running the job from the command line: the same definitions as the UI, in this process, one run per report day.

Belongs here: executing days one after the other and saying how each ended; rebuilding the warehouse.
Does not belong here: options and exit codes (`cli.py`), what a run does (`jobs.py`, the assets).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from assets.home import Home
from assets.telemetry.intake import take_in
from assets.telemetry.inventory import load_inventory
from assets.telemetry.landing import LandingError, deliveries
from assets.upgrades.fold import fold
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


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


def run_days(settings: Settings, days: list[date]) -> Iterator[DayRun]:
    """Run the job for each day in order, on this home's Dagster instance; a bad day does not hold the others back.

    Raises:
        LandingError, InventoryError, ObjectivesError, WarehouseHeld, WarehouseOutdated: as the assets do.
    """
    import dagster as dg

    from pipelines.definitions import build_definitions
    from pipelines.jobs import daily_slo_report

    definitions = build_definitions(home=settings.home, warehouse=settings.warehouse)
    job = definitions.resolve_job_def(daily_slo_report.name)
    with dg.DagsterInstance.get() as instance:
        for day in days:
            result = job.execute_in_process(partition_key=day.isoformat(), instance=instance, raise_on_error=False)
            yield _ending(settings.home, day, result)


def rebuild_warehouse(
    settings: Settings, *, upto: date, progress: Callable[[date, int, int], None] = lambda _day, _done, _due: None
) -> Rebuilt:
    """Drop the warehouse file and make its tables anew from the landing zone, as of the end of `upto`.

    Published reports stay as they are; a day that is run again is compared with what it published.
    """
    from assets.slo.cells import count_cells
    from assets.slo.objectives import load_objectives

    home, warehouse = settings.home, settings.warehouse
    objectives = load_objectives(home.objectives)
    for file in home.root.glob(f"{home.warehouse.name}*"):
        file.unlink()
    take_in(warehouse.transaction, home.landing, upto=upto, scratch=home.scratch, progress=progress)
    with warehouse.transaction() as db:
        fold(db, day=upto, inventory_sha256=load_inventory(db, home.inventory))
        count_cells(db, day=upto, objectives=objectives)
        [(events,)] = db.execute("SELECT count(*) FROM telemetry.events").fetchall()
        [(operations,)] = db.execute("SELECT count(*) FROM upgrades.operations").fetchall()
    return Rebuilt(events=events, operations=operations)


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
    causes = [each.error.cause or each.error for each in failures_of_their_own if each.error]
    return DayRun(day, Ending.FAILED, None, "; ".join(str(cause.message).strip() for cause in causes) or "the run failed")
