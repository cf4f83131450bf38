"""EKS updates, polled: what `aws eks describe-update` prints, stamped by a collector that looks every quarter of an hour.

Belongs here: what the collector last saw of one update.
Does not belong here: what the pipeline makes of it (`assets/telemetry/sources/eks_updates.py`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assets.simulation.formats.format import (
    EXAMPLE_MOMENT,
    LINE_DEFECTS,
    LINES,
    Dialect,
    Envelope,
    Format,
    Record,
    without,
    wrong,
)
from assets.simulation.formats.operation import NANOSECONDS, Operation, guid, rfc3339

LOOKS_EVERY = 900 * NANOSECONDS
"""From one look of the collector at an update that goes on to the next."""

_STATUSES = {"started": "InProgress", "succeeded": "Successful", "failed": "Failed", "cancelled": "Cancelled"}
_DAY = 86_400 * NANOSECONDS
# Of so many updates one comes with a change of the cluster's settings.
_UPDATES_PER_OTHER = 40


def carries(operation: Operation) -> bool:
    """There is an update from its start on; nothing is planned, skipped or overtaken."""
    return operation.started_at is not None and operation.outcome in ("", "succeeded", "failed", "cancelled")


def wire(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The update with its moment as the interface has it, a number."""
    return _records(operations, seen_at, lambda moment: moment // 10**6 / 1000)


def command_line(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The update with its moment as the command line prints it."""
    return _records(
        operations, seen_at, lambda moment: datetime.fromtimestamp(moment // 10**6 / 1000, UTC).isoformat(timespec="microseconds")
    )


def _records(operations: Sequence[Operation], seen_at: int, written: Any) -> list[Record]:
    [operation] = operations
    if operation.started_at is None or operation.started_at > seen_at:
        return []
    state = operation.state(seen_at)
    update = {
        "id": guid("update", operation.serial),
        "status": _STATUSES[state],
        "type": "VersionUpdate",
        "params": _params(operation),
        "createdAt": written(operation.started_at),
        "errors": _errors(operation) if state == "failed" else [],
    }
    updates: list[Record] = [update]
    if operation.serial % _UPDATES_PER_OTHER == 0:
        updates.append({**update, "id": guid("other", operation.serial), "type": "LoggingUpdate", "params": []})
    _, _, _, region, account, resource = operation.cluster_id.split(":")
    stamp = {
        "collected_at": rfc3339(_looked_at(operation, seen_at), digits=0),
        "account_id": account,
        "region": region,
        "cluster_name": resource.removeprefix("cluster/"),
        "nodegroup_name": operation.node_pool or None,
        "addon_name": None,
    }
    return [{**stamp, "update": each} for each in updates]


def _looked_at(operation: Operation, seen_at: int) -> int:
    """The collector's first look after the end, unless that was in the poll of another day; its last one then."""
    if operation.finished_at is None or operation.finished_at > seen_at:
        return seen_at
    first = min(-(-operation.finished_at // LOOKS_EVERY) * LOOKS_EVERY, seen_at)
    return first if first > seen_at - _DAY else seen_at


def _params(operation: Operation) -> list[Record]:
    """A minor release for clusters and groups, or the release of the image."""
    if operation.scope == "node_image":
        return [{"type": "ReleaseVersion", "value": operation.to_version}]
    minor = {"type": "Version", "value": ".".join(operation.to_version.split(".")[:2])}
    return [minor] if operation.node_pool else [minor, {"type": "PlatformVersion", "value": "eks.1"}]


def _errors(operation: Operation) -> list[Record]:
    if not operation.failure:
        return []
    number = operation.serial % 250
    host = f"ip-10-0-{number}-17.{operation.region}.compute.internal"
    return [{"errorCode": operation.failure, "errorMessage": operation.message, "resourceIds": [host]}]


_EXAMPLE = {
    "collected_at": EXAMPLE_MOMENT,
    "account_id": "111122223333",
    "region": "eu-west-1",
    "cluster_name": "c1",
    "update": {"id": "u-1", "status": "InProgress", "type": "VersionUpdate", "createdAt": 1402042530.123},
}

FORMAT = Format(
    source="eks_updates",
    provider="eks",
    carries=carries,
    dialects=(
        Dialect(wire, LINES),
        Dialect(command_line, Envelope("[", "]", 0)),
        Dialect(command_line, LINES),
    ),
    defects=(
        *LINE_DEFECTS,
        wrong("missing_cluster", _EXAMPLE, {"cluster_name": ""}),
        wrong("missing_cluster", _EXAMPLE, {"collected_at": None}),
        wrong("invalid_value:collected_at", _EXAMPLE, {"collected_at": "just now"}),
        without("update", _EXAMPLE),
        without("update.id", _EXAMPLE),
        without("update.type", _EXAMPLE),
        wrong("invalid_value:update.status", _EXAMPLE, {"update.status": "Paused"}),
        wrong("invalid_time", _EXAMPLE, {"update.createdAt": "yesterday"}),
        wrong("invalid_type:update.params", _EXAMPLE, {"update.params": "1.31"}),
    ),
    subject=lambda operation: operation.serial,
)
