"""Operations of Google Kubernetes Engine, polled, and the upgrade details of the clusters and pools that they changed.

Belongs here: what a poll shows of one operation.
Does not belong here: what the pipeline makes of it (`assets/telemetry/sources/gke_operations.py`), notifications of the same
operations (`gke_notifications.py`).
"""

from collections.abc import Sequence
from typing import Any

from assets.simulation.formats.format import (
    ARRAY,
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
from assets.simulation.formats.operation import Operation, guid, rfc3339, trimmed

_TYPES = {"control_plane": "UPGRADE_MASTER", "node_pool": "UPGRADE_NODES"}
_STATUSES = {"scheduled": "PENDING", "started": "RUNNING"}
# google.rpc.Code: what went wrong, as far as a number can tell; a failed precondition is told by the message.
_CODES = {"": 13, "InternalOperationError": 13, "VENDOR_E4711": 13, "AdmissionRequestDenied": 7}
_CANCELLED, _FAILED_PRECONDITION = 1, 9
_DETAILED_STATES = {"started": "RUNNING", "succeeded": "SUCCEEDED", "failed": "FAILED", "cancelled": "CANCELED"}
_START_TYPES = {
    "manual": "MANUAL",
    "ci": "MANUAL",
    "auto_channel": "AUTOMATIC",
    "maintenance": "AUTOMATIC",
    "security": "AUTOMATIC",
    "forced_eol": "AUTOMATIC",
}
# Of so many operations one comes with another of the same cluster that is no upgrade.
_OPERATIONS_PER_OTHER = 40


def carries(operation: Operation) -> bool:
    """DONE is everything that ended, but for what was skipped or overtaken: there is no operation of that."""
    return operation.outcome not in ("skipped", "superseded")


def name_of(operation: Operation) -> str:
    """The name of the operation, which tells the millisecond in which it starts, or else ends, or else is due."""
    moment = next(each for each in (operation.started_at, operation.finished_at, operation.scheduled_at) if each is not None)
    return f"operation-{moment // 10**6}-{guid('operation', operation.serial)}"


def resource_of(operation: Operation) -> str:
    """The path of the cluster or the pool."""
    return f"{operation.cluster_id}/nodePools/{operation.node_pool}" if operation.node_pool else operation.cluster_id


def polled(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The operation as the present interface prints it, and the details of the upgrade once it began."""
    [operation] = operations
    return [
        *_operations(operation, seen_at, place={"location": operation.region}, paths="locations"),
        *_details(operation, seen_at),
    ]


def polled_by_zone(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The same as clients of the first interface print it, which calls a region a zone and an error a status message."""
    [operation] = operations
    records = _operations(operation, seen_at, place={"zone": operation.region}, paths="zones")
    for record in records:
        error = record.pop("error", None)
        if error and error["code"] != _CANCELLED:
            record["statusMessage"] = error["message"] or "Unknown"
        elif error:
            record["error"] = error
    return [*records, *_details(operation, seen_at)]


def _operations(operation: Operation, seen_at: int, *, place: Record, paths: str) -> list[Record]:
    links = "https://container.googleapis.com/v1/"
    state = operation.state(seen_at)
    name = name_of(operation)
    record: Record = {
        "name": name,
        "operationType": _TYPES[operation.scope],
        "status": _STATUSES.get(state, "DONE"),
        **place,
        "selfLink": f"{links}projects/{operation.cluster_id.split('/')[1]}/{paths}/{operation.region}/operations/{name}",
        "targetLink": links + resource_of(operation).replace("/locations/", f"/{paths}/"),
    }
    if operation.node_pool:
        record["progress"] = {"metrics": [{"name": "NODES_TOTAL", "intValue": str(operation.node_count)}]}
    begins_at = operation.scheduled_at if state == "scheduled" else operation.started_at
    if begins_at is not None:
        record["startTime"] = trimmed(begins_at)
        if record["status"] == "DONE" and operation.finished_at is not None:
            record["endTime"] = trimmed(operation.finished_at)
    match state:
        case "failed":
            code = _CODES.get(operation.failure, _FAILED_PRECONDITION)
            record["error"] = {"code": code, "message": told(operation)}
        case "cancelled":
            record["error"] = {"code": _CANCELLED, "message": "The operation was cancelled."}
    records = [record]
    if operation.serial % _OPERATIONS_PER_OTHER == 0:
        other = {**record, "name": f"{name[:-4]}beef", "operationType": "SET_LABELS", "status": "DONE"}
        records.append(other)
    return records


def told(operation: Operation) -> str:
    """The failure in one sentence."""
    return ": ".join(part for part in (operation.failure, operation.message) if part)


def _details(operation: Operation, seen_at: int) -> list[Record]:
    """The upgrade details, which the collector says the cluster or the pool of."""
    state = operation.state(seen_at)
    if operation.started_at is None or state not in _DETAILED_STATES:
        return []
    details: dict[str, Any] = {
        "resource": resource_of(operation),
        "collected_at": rfc3339(seen_at, digits=3),
        "state": _DETAILED_STATES[state],
        "startTime": trimmed(operation.started_at),
        "initialVersion": operation.from_version,
        "targetVersion": operation.to_version,
        "startType": _START_TYPES.get(operation.trigger, "START_TYPE_UNSPECIFIED"),
    }
    if state != "started" and operation.finished_at is not None:
        details["endTime"] = trimmed(operation.finished_at)
    return [details]


_EXAMPLE = {
    "name": "operation-1402042530123-0a1b2c3d",
    "operationType": "UPGRADE_MASTER",
    "status": "RUNNING",
    "location": "us-central1",
    "targetLink": "https://container.googleapis.com/v1/projects/p/locations/us-central1/clusters/c1",
    "startTime": EXAMPLE_MOMENT,
}

FORMAT = Format(
    source="gke_operations",
    provider="gke",
    carries=carries,
    dialects=(
        Dialect(polled, ARRAY),
        Dialect(polled, Envelope('{"operations":[', "]}", 0)),
        Dialect(polled, LINES),
        Dialect(polled_by_zone, ARRAY),
    ),
    defects=(
        *LINE_DEFECTS,
        without("operationType", _EXAMPLE),
        without("name", _EXAMPLE),
        without("status", _EXAMPLE),
        without("targetLink", _EXAMPLE),
        wrong("invalid_value:targetLink", _EXAMPLE, {"targetLink": "https://container.googleapis.com/v1/projects/p"}),
        wrong("invalid_value:status", _EXAMPLE, {"status": "PAUSED"}),
        wrong("invalid_time", _EXAMPLE, {"startTime": "2026-03-01T08:15:30"}),
        wrong("time_out_of_range", _EXAMPLE, {"startTime": "1970-01-01T00:00:00Z"}),
    ),
    subject=lambda operation: operation.serial,
)
