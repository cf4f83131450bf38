"""One process that reads a provider's file: records into the warehouse as the product does it, or a loop of `orjson.loads`.

Belongs here: the two sides of the row of the sources, the files that they read, and the clock of the part that counts.
Does not belong here: running them in turn (`rows/sources.py`).

Prints the CPU and wall seconds of its part as JSON; starting Python and making the warehouse are no part of it. The product runs
on one core.

Usage: sources.py ours|orjson FILE DATABASE
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

DAY = date(2026, 11, 20)


def eks_updates(count: int) -> Iterator[dict[str, Any]]:
    """Updates of node groups as a collector stamps them, in turn under way, done and failed."""
    for number in range(count):
        failed = {
            "errorCode": "PodEvictionFailure",
            "errorMessage": "Reached max retries while trying to evict pods from nodes in node group ng1",
            "resourceIds": ["ip-10-0-0-1.eu-west-1.compute.internal"],
        }
        yield {
            "collected_at": "2026-11-20T10:40:00Z",
            "account_id": "111122223333",
            "region": "eu-west-1",
            "cluster_name": f"cluster-{number % 5_000}",
            "nodegroup_name": f"ng{number % 7}",
            "addon_name": None,
            "update": {
                "id": f"{number:08x}-0000-4000-8000-000000000000",
                "status": ("InProgress", "Successful", "Failed")[number % 3],
                "type": "VersionUpdate",
                "createdAt": 1795100000.208 + number % 60_000,
                "params": [
                    {"type": "Version", "value": "1.34"},
                    {"type": "ReleaseVersion", "value": "1.34.1-20260220"},
                    {"type": "LaunchTemplateVersion", "value": str(number % 90)},
                ],
                "errors": [failed] if number % 3 == 2 else [],
            },
        }


def openshift_clusterversion(count: int) -> Iterator[dict[str, Any]]:
    """Clusters with an upgrade and their installation in the history."""
    for number in range(count):
        started = datetime(2026, 11, 1) + timedelta(seconds=number % 1_000_000)  # noqa: DTZ001 - every moment is naive UTC
        yield {
            "apiVersion": "config.openshift.io/v1",
            "kind": "ClusterVersion",
            "metadata": {"name": "version", "generation": number % 9},
            "spec": {"clusterID": f"{number:08x}-0000-4000-8000-000000000000", "channel": "stable-4.16"},
            "status": {
                "desired": {"version": "4.16.3"},
                "history": [
                    {
                        "state": "Completed",
                        "version": "4.16.3",
                        "image": "r@sha256:b",
                        "startedTime": f"{started.isoformat()}Z",
                        "completionTime": f"{(started + timedelta(minutes=50)).isoformat()}Z",
                    },
                    {
                        "state": "Completed",
                        "version": "4.16.2",
                        "image": "r@sha256:a",
                        "startedTime": "2026-02-01T10:00:00Z",
                        "completionTime": "2026-02-01T10:30:00Z",
                    },
                ],
            },
        }


RECORDS = {each.__name__: each for each in (eks_updates, openshift_clusterversion)}


def write(source: str, count: int, target: Path) -> Path:
    """A file of so many records, unless it is there: lines, or the items of one document when its name says so."""
    if not target.exists():
        appearing = target.with_name(f".{target.name}")
        appearing.parent.mkdir(parents=True, exist_ok=True)
        head, between, end = ("[", ",\n", "]\n") if target.suffix == ".json" else ("", "\n", "\n")
        with appearing.open("w", encoding="utf-8") as file:
            for number, record in enumerate(RECORDS[source](count)):
                file.write((between if number else head) + json.dumps(record, separators=(",", ":")))
            file.write(end)
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
    with Warehouse(database, database.parent / "scratch").connection() as db:
        db.execute("SET threads = 1")
        started = time.process_time(), time.perf_counter()
        with transaction(db):
            counts = read_records(db, place, file).counts
        _say(started, records=counts.records, refused=counts.quarantined)


def by_orjson(file: Path, _database: Path) -> None:
    """What parsing costs alone."""
    import orjson

    records = 0
    started = time.process_time(), time.perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            orjson.loads(line.strip(b"[],\n"))
            records += 1
    _say(started, records=records, refused=0)


def _say(started: tuple[float, float], **found: int) -> None:
    cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
    print(json.dumps({"cpu_seconds": cpu, "wall_seconds": wall, **found}))


if __name__ == "__main__":
    side, file, database = sys.argv[1:]
    {"ours": ours, "orjson": by_orjson}[side](Path(file), Path(database))
