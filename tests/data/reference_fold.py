"""A second opinion on the fold: what the contract says about operations, in the plainest Python.

Belongs here: events read line by line from a landing zone, operations as dicts, one sentence of the contract after the other,
without a thought for speed or for doing less than everything.
Does not belong here: what an error code means, which has tests of its own (`tests/upgrades/test_errors.py`), counting
(`reference_status.py`).
"""

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import zstandard

from assets.upgrades.errors import classify

Row = dict[str, Any]
_ALWAYS = datetime(1, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere
TERMINAL = ("succeeded", "failed", "cancelled", "superseded", "skipped")
ATTRIBUTES = (
    "scope", "provider", "node_pool", "region", "from_version", "to_version", "trigger", "workload_type", "node_count",
    "error_code", "error_message", "upgrade_id", "observed_version", "api_features",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One accepted event; `data` holds what it carries, without nulls and empty texts."""

    delivery_day: date
    source: str
    id: str
    type: str
    time: datetime
    observed_at: datetime
    data: Row

    @property
    def rank(self) -> tuple[Any, ...]:
        return (self.observed_at, self.time, self.delivery_day, self.source, self.id)


# Reading


def read_events(landing: Path, *, refused: Collection[tuple[str, int]] = ()) -> list[Event]:
    """Every event once, the one delivered first; `refused` are the lines (path, number) that are no events."""
    events: dict[tuple[str, str], Event] = {}
    for path in sorted((landing / "canonical").glob("*/*"), key=lambda path: (path.parent.name, path.name)):
        for number, line in enumerate(_content(path).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
            if line.strip() and (path.relative_to(landing).as_posix(), number) not in refused:
                found = _event(json.loads(line), date.fromisoformat(path.parent.name))
                events.setdefault((found.source, found.id), found)
    return list(events.values())


def read_inventory(folder: Path) -> list[Row]:
    """The inventory's lines with moments for bounds, None for empty cells."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        for cells in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            row: Row = {name: cell or None for name, cell in cells.items()}
            rows.append(row | {name: row[name] and _moment(row[name]) for name in ("valid_from", "valid_to")})
    return rows


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
    return content


def _event(line: Row, delivery_day: date) -> Event:
    data = {name: value for name, value in line["data"].items() if value is not None and value != ""}
    time = _moment(line["time"])
    observed_at = _moment(data["observed_at"]) if "observed_at" in data else time
    return Event(delivery_day, line["source"], line["id"], line["type"].rpartition(".")[2], time, observed_at, data)


def _moment(text: str) -> datetime:
    """A date, or a moment with an offset, as naive UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


# Folding


def fold(events: Iterable[Event], inventory: Iterable[Row], *, upto: date) -> list[Row]:
    """The operations that deliveries up to that day tell of, with the contract's columns, by cluster and id."""
    grouped: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for each in events:
        if each.delivery_day <= upto:
            grouped[each.data["cluster_id"], each.data["operation_id"]].append(each)
    known = list(inventory)
    operations = [_operation(key, sorted(found, key=lambda each: each.rank), known) for key, found in sorted(grouped.items())]
    resources: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for operation in operations:
        resources[_resource(operation)].append(operation)
    for siblings in resources.values():
        siblings.sort(key=lambda each: (_dated_at(each), each["operation_id"]))
        _carry_versions(siblings)
        _name_upgrades(siblings)
        _number_attempts(siblings)
    for operation in operations:
        operation["from_minor"], operation["to_minor"] = minor(operation["from_version"]), minor(operation["to_version"])
    return operations


def minor(version: str | None) -> str | None:
    found = re.match(r"v?([0-9]+[.][0-9]+)", version or "")
    return found[1] if found else None


def _operation(key: tuple[str, str], events: list[Event], inventory: list[Row]) -> Row:
    """One operation by itself; its events come in order of rank, the latest last."""
    operation: Row = {"cluster_id": key[0], "operation_id": key[1]} | dict.fromkeys(ATTRIBUTES)
    for each in events:
        for name in ATTRIBUTES:
            if name in each.data and not (name == "trigger" and each.data[name] == "unknown"):
                operation[name] = each.data[name]
    for name, type_ in (("scheduled_at", "scheduled"), ("started_at", "started")):
        operation[name] = min((each.time for each in events if each.type == type_), default=None)
    ends = [each for each in events if each.type in TERMINAL]
    operation["finished_at"] = ends[-1].time if ends else None
    operation["state"] = ends[-1].type if ends else "running" if operation["started_at"] else "scheduled"
    for name in ("provider", "region", "workload_type"):
        operation[name] = operation[name] or _from_inventory(name, operation, inventory) or "unknown"
    operation["trigger"] = operation["trigger"] or "unknown"
    operation["day"] = _dated_at(operation).date()
    operation |= _duration(operation["started_at"], operation["finished_at"])
    failed = operation["state"] == "failed"
    cause = classify(operation["error_code"], operation["error_message"]) if failed else ("none", "none")
    operation["error_category"], operation["responsibility"] = cause
    observed = operation["observed_version"]
    operation["version_confirmed"] = None if observed is None else observed == operation["to_version"]
    return operation


def _dated_at(operation: Row) -> datetime:
    moment = operation["started_at"] or operation["scheduled_at"] or operation["finished_at"]
    assert isinstance(moment, datetime)
    return moment


def _duration(started_at: datetime | None, finished_at: datetime | None) -> Row:
    if started_at is None or finished_at is None:
        return {"duration_seconds": None, "clock_skew": False}
    seconds = (finished_at - started_at).total_seconds()
    return {"duration_seconds": seconds if seconds >= 0 else None, "clock_skew": seconds < 0}


def _from_inventory(name: str, operation: Row, inventory: list[Row]) -> str | None:
    """The pool's row of that moment, then the cluster's; of several the one that began last."""
    moment = _dated_at(operation)
    pools = [operation["node_pool"], None] if operation["node_pool"] else [None]
    for pool in pools:
        valid = [
            row
            for row in inventory
            if (row["cluster_id"], row["node_pool"]) == (operation["cluster_id"], pool)
            and (row["valid_from"] is None or row["valid_from"] <= moment)
            and (row["valid_to"] is None or moment < row["valid_to"])
        ]
        if valid:
            latest = max(valid, key=lambda row: row["valid_from"] or _ALWAYS)
            if latest[name]:
                return str(latest[name])
    return None


def _resource(operation: Row) -> tuple[Any, ...]:
    return tuple(operation[name] for name in ("provider", "cluster_id", "scope", "node_pool"))


def _carry_versions(siblings: list[Row]) -> None:
    successes = [each for each in siblings if each["state"] == "succeeded"]
    for operation in siblings:
        if operation["from_version"] is None and operation["started_at"] is not None:
            before = [each for each in successes if each is not operation and each["finished_at"] <= operation["started_at"]]
            if before:
                last = max(before, key=lambda each: (each["finished_at"], each["operation_id"]))
                operation["from_version"] = last["to_version"]


def _name_upgrades(siblings: list[Row]) -> None:
    """Siblings come in order. Those without an upgrade share one per target, which ends with a success."""
    under_way: dict[str | None, str] = {}
    for operation in siblings:
        if operation["upgrade_id"] is None:
            target = operation["to_version"]
            operation["upgrade_id"] = under_way.setdefault(target, f"{operation['cluster_id']}/{operation['operation_id']}")
            if operation["state"] == "succeeded":
                del under_way[target]


def _number_attempts(siblings: list[Row]) -> None:
    attempts: dict[str, int] = defaultdict(int)
    for operation in siblings:
        attempts[operation["upgrade_id"]] += 1
        operation["attempt"] = attempts[operation["upgrade_id"]]
        operation["is_first_attempt"] = operation["attempt"] == 1
