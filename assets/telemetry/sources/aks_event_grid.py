"""Azure Event Grid events of AKS clusters: node pools that roll, and maintenance that AKS announces.

Belongs here: both envelopes (CloudEvents and Event Grid's own), and what one event says.
Does not belong here: which start an end belongs to, since a late delivery can change it (`assets/upgrades/`); ids of clusters
(`arm.py`).

No event of a roll names its operation. So its start forms one by its time, and its end one by its own id, until the fold knows
which start it ended. An event's identity is that of the raw event, so that one delivered in both envelopes is one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from assets.telemetry.canonical import Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.arm import resource
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import h, moment_text, operation_id
from assets.telemetry.sources.nested import nested
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment

NAME = "aks_event_grid"

# The fields of the envelopes that are named differently: event type, cluster, time.
_CLOUD_EVENTS = ("type", "source", "time")
_EVENT_GRID = ("eventType", "topic", "eventTime")

# Event types in lower case; Microsoft's documentation itself writes some of them in two ways.
_ROLLS = {
    "microsoft.containerservice.nodepoolrollingstarted": "started",
    "microsoft.containerservice.nodepoolrollingsucceeded": "succeeded",
    "microsoft.containerservice.nodepoolrollingfailed": "failed",
}
_NEWS = (
    "microsoft.containerservice.newkubernetesversionavailable",
    "microsoft.containerservice.clustersupportending",
    "microsoft.containerservice.clustersupportended",
)
_MAINTENANCE = "microsoft.resourcenotifications.containerserviceeventresources.scheduledeventemitted"

_PROPERTIES = "data.resourceInfo.properties"
_STATUSES = {
    "scheduled": "scheduled",
    "started": "started",
    "completed": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}
_SCOPES = {"K8sVersionUpgrade": "cluster", "NodeOSUpgrade": "node_image"}
_SOURCE_OF_NEWS = "EOLNotification"

_LOOSE = int(Flag.LOOSE)
_LOOSE_ROLL = int(Flag.LOOSE | Flag.ROLL)


@dataclass(frozen=True, slots=True)
class _Delivered:
    """A raw event. `path`: the resource that it comes from, `path_field`: how the envelope calls that."""

    id: str
    kind: str
    path: str
    path_field: str
    time: datetime
    data: dict[str, Any]


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one event says, in either envelope.

    Not an upgrade: `news` (of versions and their support), `maintenance` (announced for something else than an upgrade).
    """
    try:
        return _interpret(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    kind_field, path_field, time_field = _EVENT_GRID if "eventType" in record else _CLOUD_EVENTS
    kind = required(record, kind_field, str).lower()
    if kind in _NEWS:
        return NotAnUpgrade("news")
    if kind not in _ROLLS and kind != _MAINTENANCE:
        raise RecordError("unknown_event_type")
    delivered = _Delivered(
        id=required(record, "id", str),
        kind=kind,
        path=required(record, path_field, str),
        path_field=path_field,
        time=accepted_moment(required(record, time_field, object), delivery_day=delivery_day),
        data=optional(record, "data", dict) or {},
    )
    return _roll(delivered) if kind in _ROLLS else _maintenance(delivered, subject=record.get("subject"))


def _roll(delivered: _Delivered) -> Accepted:
    node_pool = optional(delivered.data, "data.nodePoolName", str)
    return _accepted(
        delivered,
        type_=_ROLLS[delivered.kind],
        cluster_id=_cluster_id(delivered, delivered.path),
        node_pool=node_pool and node_pool.lower(),
        scope="node_pool",
        trigger="unknown",
        flags=_LOOSE_ROLL,
    )


def _maintenance(delivered: _Delivered, *, subject: object) -> Accepted | NotAnUpgrade:
    """What an event of the communication manager says: it comes from a subscription, and names the cluster within."""
    info = delivered.data.get("resourceInfo")
    if not isinstance(info, dict):
        info = delivered.data
    properties = nested(info, _PROPERTIES) if "properties" in info else info
    if properties.get("eventSource") == _SOURCE_OF_NEWS:
        return NotAnUpgrade("news")
    type_ = _STATUSES.get(required(properties, f"{_PROPERTIES}.eventStatus", str).lower())
    if type_ is None:
        raise RecordError(f"invalid_value:{_PROPERTIES}.eventStatus")
    details = _text_of(required(properties, f"{_PROPERTIES}.eventDetails", object))
    scope = next((scope for word, scope in _SCOPES.items() if word in details), None)
    if scope is None:
        return NotAnUpgrade("maintenance")
    cluster_id = _cluster_id(delivered, info.get("id"), subject, delivered.path)
    maintenance_id = _maintenance_id(properties)
    location = info.get("location")
    return _accepted(
        delivered,
        type_=type_,
        cluster_id=cluster_id,
        scope=scope,
        trigger="auto_channel",
        flags=0 if maintenance_id else _LOOSE,
        maintenance_id=maintenance_id,
        region=location.lower().replace(" ", "") if isinstance(location, str) and location else None,
        # Why maintenance failed is said there, and nowhere else.
        error_message=mask(details, keep=cluster_id.split("/")) if type_ == "failed" else None,
    )


def _cluster_id(delivered: _Delivered, *paths: object) -> str:
    for path in paths:
        if isinstance(path, str) and (cluster := resource(path)):
            return cluster.cluster_id
    raise RecordError(f"invalid_value:{delivered.path_field}")


def _text_of(details: object) -> str:
    try:
        return details if isinstance(details, str) else orjson.dumps(details).decode("utf-8")
    except orjson.JSONEncodeError:  # nested deeper than can be written again
        raise RecordError(f"invalid_value:{_PROPERTIES}.eventDetails") from None


def _maintenance_id(properties: dict[str, Any]) -> str | None:
    """What all events of one maintenance have in common, from the announcement to the end; None when they do not say."""
    try:
        details = nested(properties, "eventDetails")
    except RecordError:  # a sentence
        details = {}
    found = (properties.get("eventId"), details.get("eventId"), details.get("id"))
    return next((value for value in found if isinstance(value, str) and value), None)


def _accepted(
    delivered: _Delivered,
    *,
    type_: str,
    cluster_id: str,
    scope: str,
    trigger: str,
    flags: int,
    node_pool: str | None = None,
    maintenance_id: str | None = None,
    region: str | None = None,
    error_message: str | None = None,
) -> Accepted:
    moment = moment_text(delivered.time)
    # Versions and images of a whole cluster may be upgraded at once, as two operations.
    place = (node_pool,) if scope == "node_pool" else (None, scope)
    if maintenance_id is not None:
        operation = operation_id(NAME, cluster_id, None, "maintenance", maintenance_id)
    elif type_ == "started":
        operation = operation_id(NAME, cluster_id, *place, moment)
    else:
        operation = operation_id(NAME, cluster_id, *place, "orphan", delivered.id)
    event = Event(
        id=h(NAME, cluster_id, node_pool, delivered.id, type_, moment),
        source=f"/upgradeslo/{NAME}/{cluster_id}",
        type=type_,
        time=delivered.time,
        observed_at=delivered.time,
        operation_id=operation,
        cluster_id=cluster_id,
        scope=scope,
        provider="aks",
        node_pool=node_pool,
        region=region,
        trigger=trigger,
        error_message=error_message,
        thread="azure",
        flags=flags,
    )
    return Accepted((event,))
