"""Azure Event Grid events of node pools that roll, in both envelopes.

Belongs here: the events of one operation, and news among them.
Does not belong here: what the pipeline makes of them (`assets/telemetry/sources/aks_event_grid.py`).
"""

from assets.simulation.formats.arm import written
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
from assets.simulation.formats.operation import Operation, guid, rfc3339

_PREFIX = "Microsoft.ContainerService."
_ROLLS = {
    "started": "NodePoolRollingStarted",
    "succeeded": "NodePoolRollingSucceeded",
    "failed": "NodePoolRollingFailed",
}
# Of so many operations one comes with news of a version.
_OPERATIONS_PER_NEWS = 40


def carries(operation: Operation) -> bool:
    """A roll is only heard of from its start on, and ends well or not."""
    is_roll = operation.scope == "node_pool" and operation.started_at is not None
    return is_roll and operation.outcome in ("", "succeeded", "failed")


def cloud_events(operation: Operation, event_type: str) -> list[Record]:
    """The events as CloudEvents."""
    return [
        {
            "source": written(operation.cluster_id),
            "subject": operation.name,
            "type": _PREFIX + kind,
            "time": time,
            "id": guid("event", operation.serial, kind),
            "data": data,
            "specversion": "1.0",
        }
        for kind, time, data in _events(operation, event_type)
    ]


def event_grid(operation: Operation, event_type: str) -> list[Record]:
    """The events in Event Grid's own schema."""
    return [
        {
            "topic": written(operation.cluster_id),
            "subject": operation.name,
            "eventType": _PREFIX + kind,
            "id": guid("event", operation.serial, kind),
            "data": data,
            "dataVersion": "1",
            "metadataVersion": "1",
            "eventTime": time,
        }
        for kind, time, data in _events(operation, event_type)
    ]


def _events(operation: Operation, event_type: str) -> list[tuple[str, str, Record]]:
    """Kind, time and data of what is sent when an operation starts or ends; plans are not told."""
    moment = operation.at(event_type)
    if event_type not in _ROLLS or moment is None:
        return []
    time = rfc3339(moment, digits=7)
    events: list[tuple[str, str, Record]] = [(_ROLLS[event_type], time, {"nodePoolName": operation.node_pool})]
    if event_type == "started" and operation.serial % _OPERATIONS_PER_NEWS == 0:
        events.append(("NewKubernetesVersionAvailable", time, {"latestSupportedKubernetesVersion": operation.to_version}))
    return events


_EXAMPLE = {
    "source": "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c1",
    "subject": "c1",
    "type": "Microsoft.ContainerService.NodePoolRollingStarted",
    "time": EXAMPLE_MOMENT,
    "id": "e-1",
    "data": {"nodePoolName": "user1"},
    "specversion": "1.0",
}

FORMAT = Format(
    source="aks_event_grid",
    provider="aks",
    carries=carries,
    dialects=(
        Dialect(cloud_events, LINES),
        Dialect(event_grid, Envelope("[", "]", 4)),
        Dialect(event_grid, ARRAY),
    ),
    defects=(
        *LINE_DEFECTS,
        without("id", _EXAMPLE),
        without("source", _EXAMPLE),
        wrong("invalid_value:source", _EXAMPLE, {"source": "/subscriptions/0000"}),
        wrong("invalid_type:data", _EXAMPLE, {"data": "nodePoolName=user1"}),
        wrong("invalid_time", _EXAMPLE, {"time": "2026-11-20T08:15:30"}),
        wrong("time_out_of_range", _EXAMPLE, {"time": "1970-01-01T00:00:00.0000000Z"}),
        wrong("unknown_event_type", _EXAMPLE, {"type": "Microsoft.ContainerService.NodePoolRollingPaused"}),
    ),
)
