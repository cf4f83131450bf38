"""A synthetic fleet's deliveries, its inventory and the truth about both, written in one go.

Belongs here: the order in which the parts of a simulation work, and never touching what somebody else
delivered.
Does not belong here: what is simulated (the modules beside this one), the command (`pipelines/cli.py`).
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from assets.simulation.delivery import Delivery
from assets.simulation.demand import Demand
from assets.simulation.events import Agents
from assets.simulation.export import Export, ExportCount
from assets.simulation.files import MalformedLine
from assets.simulation.fleet import build_fleet, write_inventory
from assets.simulation.formats import FORMATS
from assets.simulation.incidents import describe, plant_incidents, read_plan
from assets.simulation.operations import Upgrader
from assets.simulation.releases import build_catalogue

CANONICAL = "canonical"
SOURCES = (CANONICAL, *FORMATS)
STAGING = ".simulation-"

EARLIEST_DAY = date(2014, 6, 6)
"""The day of the first commit of Kubernetes; events from before it are out of range by contract."""


class SimulationError(ValueError):
    """A simulation was asked for that cannot be: a number is out of range, or a source unknown."""


@dataclass(frozen=True)
class Summary:
    """What a simulation wrote; `lines` has duplicates, malformed and blank ones too, `events` are distinct.

    Records in a provider's format count as lines, whatever they stand in, and give no events.
    """

    days: int
    files: int
    lines: int
    events: int
    operations: int
    clusters: int
    first_day: date
    last_day: date


def simulate(
    *,
    landing: Path,
    inventory: Path,
    incidents: Path,
    end: date,
    days: int = 60,
    operations_per_day: int = 2000,
    seed: int = 7,
    source: str = CANONICAL,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Writes the deliveries of `days` days up to `end`; the same arguments give the same bytes.

    `landing`: the landing zone; the files go to its folders `canonical` and `source`, all at once when the
    last day is simulated. `inventory`: the CSV file to write. `incidents`: the JSON file to write, which
    lists the planted incidents and what was delivered; `malformed.json` beside it lists every malformed line
    and the reason to refuse it. `operations_per_day`: upgrades begun on an average day; retries and a
    security wave come on top. `source`: one of SOURCES; a provider's format carries what it can of the same
    operations, and only the others are canonical events then. `progress`: called after each day with the
    lines written and an estimate of all of them, equal at the end.

    One at a time: what an interrupted simulation left beside the landing zone is removed first.

    Raises:
        SimulationError: if a number is out of range, or `source` is unknown.
        FileExistsError: if one of the folders holds a file, or `inventory` is not a simulation's own.
    """
    first_day = _first_day(end=end, days=days, operations_per_day=operations_per_day, seed=seed)
    if source not in SOURCES:
        raise SimulationError(f"source is {source!r}; accepted: {', '.join(SOURCES)}. Ask for one of them.")
    folders = dict.fromkeys((CANONICAL, source))
    _refuse_to_overwrite([landing / folder for folder in folders], inventory, incidents)
    fleet_rng, demand_rng, operations_rng, agents_rng, delivery_rng, export_rng, late_rng = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(7)
    )
    form = FORMATS.get(source)
    fleet = build_fleet(operations_per_day=operations_per_day, rng=fleet_rng, in_own_words=form.provider if form else None)
    plan = read_plan()
    catalogue = build_catalogue(
        fleet,
        end=end,
        days=days,
        regressed=plan.regressed_release(days=days),
        security=plan.security_release(days=days),
    )
    planted = plant_incidents(plan, fleet=fleet, catalogue=catalogue, end=end, days=days)
    demand = Demand(
        fleet=fleet,
        catalogue=catalogue,
        incidents=planted,
        operations_per_day=operations_per_day,
        first_weekday=first_day.weekday(),
        rng=demand_rng,
        late_rng=late_rng,
    )
    upgrader = Upgrader(fleet=fleet, catalogue=catalogue, incidents=planted, demand=demand, rng=operations_rng)
    agents = Agents(
        fleet=fleet,
        catalogue=catalogue,
        failures=upgrader.constants.failures,
        first_day=first_day,
        days=days,
        rng=agents_rng,
    )

    landing.parent.mkdir(parents=True, exist_ok=True)
    incidents.parent.mkdir(parents=True, exist_ok=True)
    for left in landing.parent.glob(f"{STAGING}*"):  # by a simulation that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=STAGING, dir=landing.parent) as staging_name:
        staging = Path(staging_name)
        with _list_of_malformed(staging / "malformed.json") as note_malformed:
            export = None
            if form:
                export = Export(
                    form,
                    folder=staging / source,
                    fleet=fleet,
                    catalogue=catalogue,
                    failures=upgrader.constants.failures,
                    first_day=first_day,
                    days=days,
                    note_malformed=note_malformed,
                    rng=export_rng,
                )
            delivery = Delivery(
                folder=staging / CANONICAL,
                agents=agents,
                first_day=first_day,
                days=days,
                note_malformed=note_malformed,
                rng=delivery_rng,
                export=export,
            )
            for day in range(days):
                delivery.deliver(day, upgrader.day(day))
                exported = export.count if export else ExportCount()
                lines = delivery.count.lines + exported.records
                if progress:
                    progress(lines, round(lines * days / (day + 1)))
        write_inventory(fleet, staging / "clusters.csv", first_day=first_day, rng=fleet_rng)
        truth = {
            "end": end.isoformat(),
            "days": days,
            "operations_per_day": operations_per_day,
            "seed": seed,
            "inventory_sha256": _sha256(staging / "clusters.csv"),
            "delivered": asdict(delivery.count),
            **({"exported": {"source": source, **asdict(exported)}} if export else {}),
            "incidents": [
                describe(incident, fleet=fleet, catalogue=catalogue, first_day=first_day) for incident in planted.planted
            ],
        }
        (staging / "incidents.json").write_text(_pretty(truth), encoding="utf-8")
        for name, target in (
            ("clusters.csv", inventory),
            ("malformed.json", incidents.with_name("malformed.json")),
            ("incidents.json", incidents),
            *((folder, landing / folder) for folder in folders),
        ):
            _put(staging / name, target)

    return Summary(
        days=days,
        files=delivery.count.files + exported.files,
        lines=lines,
        events=delivery.count.accepted,
        operations=delivery.count.operations + exported.operations,
        clusters=fleet.cluster_count,
        first_day=first_day,
        last_day=end,
    )


def _first_day(*, end: date, days: int, operations_per_day: int, seed: int) -> date:
    for name, value, least in (
        ("days", days, 1),
        ("operations_per_day", operations_per_day, 1),
        ("seed", seed, 0),
    ):
        if value < least:
            raise SimulationError(f"{name} is {value!r}; accepted: an integer from {least} on. Ask for at least {least}.")
    if isinstance(end, datetime):
        raise SimulationError(f"end is {end!r}; accepted: a date. Pass end.date(): deliveries have days, not moments.")
    if (end - EARLIEST_DAY).days < days - 1:
        raise SimulationError(
            f"{days} days up to {end} begin before {EARLIEST_DAY}; accepted: days from then on, because earlier "
            "events are refused as out of range. Ask for a later end or for fewer days."
        )
    return end - timedelta(days=days - 1)


def _refuse_to_overwrite(folders: Sequence[Path], inventory: Path, incidents: Path) -> None:
    """Deliveries are never overwritten; an inventory only when it is as an earlier simulation wrote it."""
    for folder, path in ((each, path) for each in folders for path in each.rglob("*")):
        if not path.is_dir() or path.is_symlink():
            raise FileExistsError(
                f"{folder} already holds deliveries, such as {path.relative_to(folder)}; accepted: no file at "
                "all, because a simulation never mixes with what was delivered. Choose another home, or remove "
                "the folder."
            )
    if inventory.exists():
        known = json.loads(incidents.read_bytes()).get("inventory_sha256") if incidents.exists() else None
        if known != _sha256(inventory):
            raise FileExistsError(
                f"{inventory} exists and is not as a simulation wrote it; accepted: no file, or a simulation's "
                "own. Choose another home, or move the file away."
            )


@contextmanager
def _list_of_malformed(path: Path) -> Iterator[Callable[[MalformedLine], None]]:
    """A function that appends to a JSON list on disk, which is closed at the end; the list may be long."""
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"

        def note(line: MalformedLine) -> None:
            nonlocal separator
            file.write(separator + json.dumps(asdict(line)))
            separator = ",\n"

        yield note
        file.write("\n]\n" if separator != "[\n" else "[]\n")


def _put(source: Path, target: Path) -> None:
    """Moves a file or folder to its place, over a file of the same name or over folders without files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    shutil.move(source, target)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _pretty(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
