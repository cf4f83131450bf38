"""The upgrade-slo command: every verb calls what the UI calls.

Belongs here: options, messages and exit codes.
Does not belong here: anything that computes (`assets/`), running the job (`pipelines/running.py`).
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.running import ByDay
    from pipelines.settings import Settings

PUBLISHED, FAILED, REFUSED = 0, 1, 3
_DAY = click.DateTime(formats=["%Y-%m-%d"])
# In the order of the contract; the modules that write them are not imported before they are needed.
_SOURCES = (
    "canonical",
    "aks_event_grid",
    "azure_activity_log",
    "azure_fleet",
    "openshift_clusterversion",
    "gke_operations",
    "gke_notifications",
    "eks_updates",
)


def _as_day(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="upgrade-slo")
def main() -> None:
    """SLOs for Kubernetes upgrades: from telemetry logs to a validated daily report.

    The home is the folder in UPGRADE_SLO_HOME, by default data/ in the repository.
    """


@main.command()
@click.option("--days", type=click.IntRange(min=1), default=60, show_default=True, help="Delivery days to write.")
@click.option("--operations-per-day", type=click.IntRange(min=1), default=2000, show_default=True, help="Upgrades started a day.")
@click.option("--end", type=_DAY, callback=_as_day, help="Last delivery day. [default: yesterday, UTC]")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="The same seed writes the same bytes.")
@click.option(
    "--source",
    type=click.Choice(_SOURCES),
    default=_SOURCES[0],
    show_default=True,
    help="A provider's format for what it can carry; all else is canonical.",
)
@click.option("--if-empty", is_flag=True, help="Do nothing when the landing zone holds files already.")
def simulate(days: int, operations_per_day: int, end: date | None, seed: int, source: str, if_empty: bool) -> None:
    """Write the deliveries of a synthetic fleet, its inventory, and the list of planted incidents."""

    def act(settings: "Settings") -> int:
        from assets.simulation.simulate import SimulationError
        from assets.simulation.simulate import simulate as write_fleet
        from assets.telemetry.landing import deliveries
        from pipelines.progress import counting

        home = settings.home
        if if_empty and deliveries(home.landing):
            click.echo(f"{home.landing} holds deliveries already; nothing simulated.")
            return PUBLISHED
        try:
            with counting("simulating", "lines") as progress:
                summary = write_fleet(
                    landing=home.landing,
                    inventory=home.inventory / "clusters.csv",
                    incidents=home.simulation / "incidents.json",
                    end=end or _yesterday(),
                    days=days,
                    operations_per_day=operations_per_day,
                    seed=seed,
                    source=source,
                    progress=progress,
                )
        except SimulationError as problem:
            raise click.ClickException(str(problem)) from problem
        click.echo(
            f"{summary.lines:,} lines in {summary.files:,} files for {summary.first_day} to {summary.last_day} "
            f"under {home.landing}; incidents: {home.simulation / 'incidents.json'}"
        )
        return PUBLISHED

    _on_home(act)


@main.command()
@click.option("--date", "day", type=_DAY, callback=_as_day, help="Report day. [default: the newest delivery day]")
@click.option("--from", "first", type=_DAY, callback=_as_day, help="First report day of a range.")
@click.option("--to", "last", type=_DAY, callback=_as_day, help="Last report day of a range.")
def run(day: date | None, first: date | None, last: date | None) -> None:
    """Take in what was delivered, then build, validate and publish reports.

    Exit code: 0 published, 3 refused by the gate (any day of a range), 1 failed.
    """
    if day and (first or last):
        raise click.UsageError("--date goes without --from and --to; give one day or a range.")
    if (first is None) != (last is None):
        raise click.UsageError("--from and --to go together.")
    if first and last and last < first:
        raise click.UsageError(f"--from {first} is after --to {last}; accepted: a range in order.")

    def act(settings: "Settings") -> int:
        from pipelines.running import Ending, newest_delivery_day, nobody_watches, run_days

        if first and last:
            days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
        else:
            days = [day or newest_delivery_day(settings.home, today=_today())]
        if days[-1] > _today():
            raise click.ClickException(
                f"the report day {days[-1]} is in the future; accepted: up to today, {_today()} (UTC). "
                "Nothing can have been delivered on it yet."
            )
        worst = PUBLISHED
        with _progress_of(days) as progress:
            for report in run_days(settings, days, progress=progress or nobody_watches):
                match report.ending:
                    case Ending.PUBLISHED:
                        click.echo(f"published {report.path}")
                    case Ending.REFUSED:
                        click.echo(f"refused {report.day}: {report.message}\nreasons: {report.path}", err=True)
                        worst = REFUSED if worst != FAILED else worst
                    case Ending.FAILED:
                        click.echo(f"failed {report.day}: {report.message}", err=True)
                        worst = FAILED
        return worst

    _on_home(act)


@main.command()
def rebuild() -> None:
    """Drop the warehouse and make it anew from the landing zone, as of the newest delivery day."""

    def act(settings: "Settings") -> int:
        from pipelines.progress import days_done
        from pipelines.running import newest_delivery_day, rebuild_warehouse

        upto = newest_delivery_day(settings.home, today=_today())
        with days_done() as progress:
            rebuilt = rebuild_warehouse(settings, upto=upto, progress=progress)
        click.echo(
            f"rebuilt {settings.home.warehouse}: {rebuilt.events:,} events, {rebuilt.operations:,} operations as of {upto}"
        )
        return PUBLISHED

    _on_home(act)


@main.group()
def objectives() -> None:
    """Objectives in OpenSLO v1 files."""


@objectives.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Validate OpenSLO files; problems are printed as file:line: field: what was read, what is accepted."""
    from assets.slo.objectives import ObjectivesError, read_objectives

    try:
        found = read_objectives(files)
    except ObjectivesError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(FAILED)
    click.echo(f"{len(found.objectives)} objectives in {len(files)} files: {', '.join(each.name for each in found.objectives)}")


@main.command()
@click.option("--dry-run", is_flag=True, help="Print the messages; send and remember nothing.")
def alerts(dry_run: bool) -> None:
    """Tell notification targets what is new about the burn-rate alerts of the newest published report.

    The daily job does so by itself; this sends what could not be delivered then. Exit code: 0 all told, 1 a delivery failed.
    """

    def act(settings: "Settings") -> int:
        from assets.reports.notifications import NotifiedUnreadable, tell
        from assets.reports.targets import variable_of

        try:
            telling = tell(settings.home, settings.targets, is_dry=dry_run)
        except NotifiedUnreadable as problem:
            raise click.ClickException(str(problem)) from problem
        for each in telling.deliveries:
            message, target = each.message, each.message.target
            if each.problem:
                click.echo(f"{target} was not told, and will be at the next run: {each.problem}", err=True)
                continue
            unset = "" if target in settings.targets.addresses else f" (without an address: set {variable_of(target)})"
            click.echo(f"{'would tell' if dry_run else 'told'} {target}{unset}: {message.title}")
            if dry_run:
                click.echo("".join(f"    {line}\n" for line in message.body.splitlines()), nl=False)
        if not telling.deliveries:
            click.echo(
                f"nothing new to tell of the report of {telling.report_date}" if telling.report_date else "nothing to tell"
            )
        return FAILED if telling.failed else PUBLISHED

    _on_home(act)


def _progress_of(days: list[date]) -> AbstractContextManager["ByDay | None"]:
    """A bar for a range of days; one day alone is not worth its import."""
    if len(days) == 1:
        return nullcontext()
    from pipelines.progress import days_done

    return days_done()


def _on_home(act: Callable[["Settings"], int]) -> None:
    """Hold the home, act, and turn what can go wrong there into one line and exit code 1."""
    from assets.slo.objectives import ObjectivesError
    from assets.telemetry.inventory import InventoryError
    from assets.telemetry.landing import LandingError
    from assets.warehouse import WarehouseHeld, WarehouseOutdated, WarehouseUnreadable
    from pipelines.holding import HomeHeld, held
    from pipelines.settings import SettingsError, load_settings, prepare_dagster

    expected: tuple[type[BaseException], ...] = (
        SettingsError, HomeHeld, LandingError, InventoryError, ObjectivesError,
        WarehouseHeld, WarehouseOutdated, WarehouseUnreadable,
    )  # fmt: skip
    try:
        settings = load_settings()
        with held(
            settings.home,
            patience_seconds=settings.warehouse.patience_seconds,
            waiting=lambda message: click.echo(message, err=True),
        ):
            prepare_dagster(settings.home)
            code = act(settings)
    except expected as problem:
        raise click.ClickException(str(problem)) from problem
    except BrokenPipeError:
        raise  # whoever read our output has left; Click ends quietly
    except OSError as problem:
        if problem.errno is None:  # ours: files that a simulation would have overwritten
            raise click.ClickException(str(problem)) from problem
        raise click.ClickException(
            f"{problem.filename or 'the home'}: {problem.strerror or problem}; accepted: a home that this user can read "
            "and write. Set UPGRADE_SLO_HOME to such a folder."
        ) from problem
    sys.exit(code)


def _today() -> date:
    return datetime.now(UTC).date()


def _yesterday() -> date:
    return _today() - timedelta(days=1)


if __name__ == "__main__":
    main()
