"""Update runs of Azure Kubernetes Fleet Manager, polled: REST and rows of Resource Graph.

Belongs here: which operations make one run, and what a poll shows of it.
Does not belong here: what the pipeline makes of it (`assets/telemetry/sources/azure_fleet.py`).
"""

import json
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import Any

from assets.simulation.formats.arm import written
from assets.simulation.formats.format import LINE_DEFECTS, LINES, Dialect, Envelope, Format, Record, wrong
from assets.simulation.formats.operation import Operation, guid, trimmed

_TYPES = {"control_plane": "ControlPlaneOnly", "node_image": "NodeImageOnly"}
_STATES = {
    "scheduled": "Pending",
    "started": "Running",
    "succeeded": "Completed",
    "failed": "Failed",
    "cancelled": "Stopped",
    "skipped": "Skipped",
}
_AUTOMATIC = ("auto_channel", "maintenance", "security", "forced_eol")


def carries(operation: Operation) -> bool:
    """A run upgrades control planes or node images, and has no word for what a newer one overtook."""
    return operation.scope in _TYPES and operation.outcome != "superseded"


def subject(operation: Operation) -> tuple[Hashable, ...]:
    """Its run: what a day upgrades to one version for one reason."""
    return operation.day, operation.scope, operation.to_version, operation.trigger in _AUTOMATIC


def rest(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The run as REST returns it."""
    return [{**_identity(operations), "properties": _properties(operations, seen_at)}]


def resource_graph(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The run as a row of Resource Graph, whose properties are text here, as some exports have them."""
    properties = json.dumps(_properties(operations, seen_at))
    return [{**_identity(operations), "type": "microsoft.containerservice/fleets/updateruns", "properties": properties}]


def _identity(operations: Sequence[Operation]) -> Record:
    first = operations[0]
    name = f"run-{guid('run', *subject(first))[:13]}"
    subscription = first.cluster_id.split("/")[2]
    fleet = f"/subscriptions/{subscription}/resourceGroups/rg-fleet/providers/Microsoft.ContainerService/fleets/fleet-1"
    return {"id": f"{fleet}/updateRuns/{name}", "name": name}


def _properties(operations: Sequence[Operation], seen_at: int) -> dict[str, Any]:
    first = operations[0]
    upgrade = {"type": _TYPES[first.scope]}
    status: dict[str, Any] = {"status": _status_of(operations, seen_at), "stages": _stages(operations, seen_at)}
    if first.scope == "control_plane":
        upgrade["kubernetesVersion"] = first.to_version
    else:
        status["nodeImageSelection"] = {"selectedNodeImageVersions": [{"version": first.to_version}]}
    properties: dict[str, Any] = {"managedClusterUpdate": {"upgrade": upgrade}, "status": status}
    if first.trigger in _AUTOMATIC:
        properties["autoUpgradeProfileId"] = _identity(operations)["id"].replace("/updateRuns/", "/autoUpgradeProfiles/")
    return properties


def _status_of(operations: Sequence[Operation], seen_at: int) -> Record:
    """That of a run, a stage or a group: it goes on while one of its members does."""
    is_open = any(operation.state(seen_at) in ("scheduled", "started") for operation in operations)
    started_at = trimmed(min(operation.known_at for operation in operations))
    return {"state": "Running" if is_open else "Completed", "startTime": started_at}


def _stages(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """A stage for every ring, with a group for every region."""
    in_order = sorted(operations, key=lambda operation: (operation.ring, operation.region, operation.serial))
    return [
        {
            "name": f"ring-{ring}",
            "status": _status_of(of_ring, seen_at),
            "groups": [
                {
                    "name": region,
                    "status": _status_of(of_region, seen_at),
                    "members": [_member(operation, seen_at) for operation in of_region],
                }
                for region, of_region in _grouped(of_ring, lambda operation: operation.region)
            ],
        }
        for ring, of_ring in _grouped(in_order, lambda operation: operation.ring)
    ]


def _grouped(operations: Sequence[Operation], key: Any) -> list[tuple[Any, list[Operation]]]:
    return [(value, list(group)) for value, group in groupby(operations, key)]


def _member(operation: Operation, seen_at: int) -> Record:
    """A cluster that waits, is upgraded or is done. It may be a member twice: of the pools of a cluster each has its own turn."""
    state = operation.state(seen_at)
    status: dict[str, Any] = {"state": _STATES[state]}
    begun_at = operation.scheduled_at if state == "scheduled" else operation.started_at
    if begun_at is not None:
        status["startTime"] = trimmed(begun_at)
    if state not in ("scheduled", "started") and operation.finished_at is not None:
        status["completedTime"] = trimmed(operation.finished_at)
    if state == "failed" and operation.failure:
        status["error"] = {"code": operation.failure, "message": operation.message}
    member = {
        "name": f"{operation.name}-{operation.serial}",
        "clusterResourceId": written(operation.cluster_id),
        "status": status,
    }
    if state != "scheduled" and operation.started_at is not None:
        member["operationId"] = guid("request", operation.serial)
    return member


_EXAMPLE = {
    "id": "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.ContainerService/fleets/f1/updateRuns/r1",
    "properties": {"managedClusterUpdate": {"upgrade": {"type": "NodeImageOnly"}}, "status": {"stages": []}},
}

FORMAT = Format(
    source="azure_fleet",
    provider="aks",
    carries=carries,
    dialects=(
        Dialect(rest, Envelope('{"value":[', "]}", 0)),
        Dialect(resource_graph, Envelope('{"data":[', "]}", 0)),
        Dialect(rest, LINES),
    ),
    defects=(
        *LINE_DEFECTS,
        wrong("missing_field:managedClusterUpdate", _EXAMPLE, {"properties.managedClusterUpdate": None}),
        wrong("missing_field:managedClusterUpdate.upgrade", _EXAMPLE, {"properties.managedClusterUpdate": {}}),
        wrong(
            "invalid_value:managedClusterUpdate.upgrade.type", _EXAMPLE, {"properties.managedClusterUpdate.upgrade.type": "Pools"}
        ),
        wrong("invalid_value:type", _EXAMPLE, {"type": "Microsoft.ContainerService/fleets/members"}),
        wrong("invalid_type:status.stages", _EXAMPLE, {"properties.status.stages": "none"}),
        wrong("invalid_value:properties", _EXAMPLE, {"properties": "{"}),
    ),
    subject=subject,
)
