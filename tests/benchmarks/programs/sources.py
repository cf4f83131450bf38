"""One process that reads a provider's file: records into the warehouse as the product does it, or a loop of `orjson.loads`.

Belongs here: the two sides of the rows of the sources, the files that they read, and the clock of the part that counts.
Does not belong here: running them in turn (`rows/sources.py`), how providers write records (`assets/simulation/formats/`).

Prints the CPU and wall seconds of its part as JSON; starting Python and making the warehouse are no part of it. The product runs
on one core, and DuckDB may keep no more than a little in memory, so that the process grows if anything else does.

Usage: sources.py ours|orjson FILE DATABASE
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

DAY = date(2026, 11, 20)
MEMORY_LIMIT = "128MB"
# Clusters that an update run of Azure's fleet manager upgrades; each is told of as a record of other sources tells of one.
MEMBERS = 8
_CLUSTERS = 5_000
_VERSIONS = {
    "aks": ("1.33.4", "1.34.{patch}"),
    "gke": ("1.33.4-gke.1000037", "1.34.{patch}-gke.1000074"),
    "eks": ("1.33.4-eks-abc1234", "1.34.{patch}-eks-abc1234"),
    "openshift": ("4.20.3", "4.21.{patch}"),
}
# Twenty times as many fail as in the simulation, since a failure takes longer to read than a success.
_ONE_FAILS_OF = 10


def operations(provider: str) -> Iterator[Any]:
    """Upgrades of control planes, pools and images without end, `MEMBERS` after each other alike, the clusters in turn."""
    from assets.simulation.constants import read_constants
    from assets.simulation.fleet import FleetConstants
    from assets.simulation.formats.operation import NANOSECONDS, Operation
    from assets.simulation.operations import OperationConstants

    [fleet] = [each for each in read_constants("fleet", FleetConstants).providers if each.name == provider]
    failures = [each for each in read_constants("operations", OperationConstants).failures if provider in each.providers]
    scopes = ("control_plane", "node_pool", "node_image")[: 3 if fleet.node_image else 2]
    midnight = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp()) * NANOSECONDS
    from_version, to_version = _VERSIONS[provider]
    for number in count():
        run, cluster = number // MEMBERS, number % _CLUSTERS
        region = fleet.regions[cluster % len(fleet.regions)]
        scope = scopes[run % len(scopes)]
        kinds = [each for each in failures if scope in each.scopes]
        failure = kinds[number % len(kinds)] if kinds and number % _ONE_FAILS_OF == 0 else None
        started_at = midnight + (number * 7_919 % 72_000) * NANOSECONDS + number * 7_919_791 % NANOSECONDS
        yield Operation(
            serial=number,
            day=run,
            cluster=cluster,
            cluster_id=fleet.cluster_id.format(region=region.name, number=cluster),
            name=f"{provider}-{region.name}-{cluster}",
            region=region.name,
            ring=region.ring,
            scope=scope,
            node_pool="" if scope == "control_plane" else fleet.node_pools[number % len(fleet.node_pools)],
            node_count=3 + number % 40,
            from_version=from_version,
            to_version=to_version.format(patch=run % 9),
            trigger=("auto_channel", "manual")[run % 2],
            scheduled_at=started_at - 3_600 * NANOSECONDS,
            started_at=started_at,
            finished_at=started_at + (600 + number % 3_000) * NANOSECONDS,
            outcome="failed" if failure else "succeeded",
            failure=failure.code if failure else "",
            message=failure.message if failure else "",
            runs_target=True,
        )


def records(source: str) -> Iterator[dict[str, Any]]:
    """What a source tells of them, in all of its dialects, without end."""
    from assets.simulation.formats import FORMATS

    form = FORMATS[source]
    carried = filter(form.carries, operations(form.provider))
    at_once = MEMBERS if source == "azure_fleet" else 1
    for dialect in (form.dialects[number % len(form.dialects)] for number in count()):
        told = list(islice(carried, at_once))
        if form.subject:
            yield from dialect.records(told, max(each.finished_at for each in told) + 900 * 10**9)
        else:
            for event_type in ("scheduled", "started", told[0].outcome):
                yield from dialect.records(told[0], event_type)


def write(source: str, target: Path, *, size: int, times: int = 1) -> Path:
    """A file of so many records, so many times after each other, unless it is there: lines, or the elements of one document."""
    if not target.exists():
        appearing = target.with_name(f".{target.name}")
        appearing.parent.mkdir(parents=True, exist_ok=True)
        opening, between, closing = ("[", ",\n", "]\n") if target.suffix == ".json" else ("", "\n", "\n")
        content = between.join(json.dumps(record, separators=(",", ":")) for record in islice(records(source), size))
        with appearing.open("w", encoding="utf-8") as file:
            for number in range(times):
                file.write((between if number else opening) + content)
            file.write(closing)
        appearing.rename(target)
    return target


def ours(file: Path, database: Path) -> None:
    """Envelope, source and tables, up to the commit. The file's folder is named after its source."""
    from assets.telemetry.landing import Delivery
    from assets.telemetry.reading import Place, read_records
    from assets.transactions import transaction
    from assets.warehouse import Warehouse

    source = file.parent.name
    place = Place(1, Delivery(DAY, f"{source}/{DAY}/{file.name}", source, file, f"{file.stat().st_size}:"))
    with Warehouse(database, database.parent / "scratch", memory_limit=MEMORY_LIMIT).connection() as db:
        db.execute("SET threads = 1")
        started = time.process_time(), time.perf_counter()
        with transaction(db):
            counts = read_records(db, place, file).counts
        clock = _elapsed(started)
        [(events,)] = db.execute("SELECT count(*) FROM telemetry.events").fetchall()
    print(json.dumps({**clock, "records": counts.records, "refused": counts.quarantined, "events": events}))


def by_orjson(file: Path, _database: Path) -> None:
    """What parsing costs alone."""
    import orjson

    started = time.process_time(), time.perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            orjson.loads(line.strip(b"[],\n"))
    print(json.dumps(_elapsed(started)))


def _elapsed(since: tuple[float, float]) -> dict[str, float]:
    return {"cpu_seconds": time.process_time() - since[0], "wall_seconds": time.perf_counter() - since[1]}


if __name__ == "__main__":
    side, file, database = sys.argv[1:]
    {"ours": ours, "orjson": by_orjson}[side](Path(file), Path(database))
