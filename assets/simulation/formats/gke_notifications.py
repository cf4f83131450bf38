"""Cluster notifications of Google Kubernetes Engine, as Pub/Sub delivers them.

Belongs here: the messages about one operation, in every shape in which a subscriber may keep them.
Does not belong here: what the pipeline makes of them (`assets/telemetry/sources/gke_notifications.py`), polls of the same
operations (`gke_operations.py`).
"""

import base64
import json

from assets.simulation.formats.format import ARRAY, EXAMPLE_MOMENT, LINE_DEFECTS, LINES, Dialect, Format, Record, without, wrong
from assets.simulation.formats.gke_operations import name_of, resource_of, told
from assets.simulation.formats.operation import NANOSECONDS, Operation, guid, rfc3339, trimmed

_TYPE_URL = "type.googleapis.com/google.container.v1beta1."
_STATES = {
    "scheduled": "SCHEDULED",
    "started": "STARTED",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "cancelled": "CANCELED",
}
_UNTIL_PUBLISHED = 3 * NANOSECONDS
# Of so many operations one comes with news of a version.
_OPERATIONS_PER_NEWS = 40


def carries(operation: Operation) -> bool:
    """Notifications have no state for what was skipped or overtaken."""
    return operation.outcome in ("", *_STATES)


def messages(operation: Operation, event_type: str) -> list[Record]:
    """Messages with their attributes; the text is base64, as on the wire."""
    return [
        {
            "data": base64.b64encode(text.encode()).decode(),
            "attributes": attributes,
            "messageId": str(int(guid("message", operation.serial, event_type, text)[:13].replace("-", ""), 16)),
            "publishTime": rfc3339(moment + _UNTIL_PUBLISHED, digits=3),
        }
        for moment, text, attributes in _notifications(operation, event_type)
    ]


def pushed(operation: Operation, event_type: str) -> list[Record]:
    """The same in the wrapper of a push subscription."""
    subscription = f"projects/{operation.cluster_id.split('/')[1]}/subscriptions/gke-upgrades"
    return [{"message": message, "subscription": subscription} for message in messages(operation, event_type)]


def flattened(operation: Operation, event_type: str) -> list[Record]:
    """The attributes alone, as some subscribers log them."""
    return [attributes for _, _, attributes in _notifications(operation, event_type)]


def _notifications(operation: Operation, event_type: str) -> list[tuple[int, str, Record]]:
    """Moment, text and attributes of what is published when something happens to an operation."""
    moment = operation.at(event_type)
    if moment is None:
        return []
    target = "Node pool" if operation.node_pool else "Master"
    upgrade = {
        "resourceType": "NODE_POOL" if operation.node_pool else "MASTER",
        "operation": name_of(operation),
        "currentVersion": operation.from_version,
        "targetVersion": operation.to_version,
    }
    if operation.node_pool:
        upgrade["resource"] = resource_of(operation)
    state = {**upgrade, "eventType": "UPGRADE_LIFECYCLE", "state": _STATES[event_type]}
    state["description"] = told(operation) if event_type == "failed" else f"{target} upgrade: {state['state'].lower()}."
    kinds: list[tuple[str, Record]]
    match event_type:
        case "started":
            # Both tell of a start; clusters of the rapid channel have the newer kind as well.
            kinds = [("UpgradeEvent", {**upgrade, "operationStartTime": trimmed(moment)})]
            if operation.cluster % 2:
                kinds.append(("UpgradeInfoEvent", {**state, "startTime": trimmed(moment)}))
            if operation.serial % _OPERATIONS_PER_NEWS == 0:
                available = {"version": operation.to_version, "resourceType": upgrade["resourceType"]}
                kinds.append(("UpgradeAvailableEvent", available))
        case "scheduled":
            kinds = [("UpgradeInfoEvent", {**state, "startTime": trimmed(moment)})]
        case _:
            kinds = [("UpgradeInfoEvent", {**state, "endTime": trimmed(moment)})]
    text = f"{target} {operation.name} is to run version {operation.to_version}."
    return [(moment, text, _attributes(operation, kind, payload)) for kind, payload in kinds]


def _attributes(operation: Operation, kind: str, payload: Record) -> Record:
    return {
        "project_id": operation.cluster_id.split("/")[1],
        "cluster_location": operation.region,
        "cluster_name": operation.name,
        "type_url": _TYPE_URL + kind,
        "payload": json.dumps(payload),
    }


_EXAMPLE = {
    "attributes": {
        "project_id": "p",
        "cluster_location": "us-central1",
        "cluster_name": "c1",
        "type_url": _TYPE_URL + "UpgradeEvent",
        "payload": {
            "resourceType": "MASTER",
            "operation": "operation-1402042530123-0a1b2c3d",
            "operationStartTime": EXAMPLE_MOMENT,
        },
    },
}

FORMAT = Format(
    source="gke_notifications",
    provider="gke",
    carries=carries,
    dialects=(
        Dialect(messages, LINES),
        Dialect(pushed, LINES),
        Dialect(flattened, LINES),
        Dialect(messages, ARRAY),
    ),
    defects=(
        *LINE_DEFECTS,
        without("attributes.type_url", _EXAMPLE),
        without("attributes.payload", _EXAMPLE),
        without("attributes.cluster_name", _EXAMPLE),
        wrong("unknown_event_type", _EXAMPLE, {"attributes.type_url": _TYPE_URL + "RepairEvent"}),
        wrong("invalid_type:attributes.project_id", _EXAMPLE, {"attributes.project_id": [1]}),
        without("attributes.payload.operationStartTime", _EXAMPLE),
        wrong("invalid_time", _EXAMPLE, {"attributes.payload.operationStartTime": "08:15:30"}),
        wrong("invalid_value:attributes.payload.resourceType", _EXAMPLE, {"attributes.payload.resourceType": "NODE"}),
    ),
)
