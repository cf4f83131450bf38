"""Cluster notifications of Google Kubernetes Engine, as Pub/Sub delivers them.

Belongs here: the shapes in which a message arrives, which notifications tell of upgrades, and what they say.
Does not belong here: paths and identifiers (`gke.py`), putting notifications and operations together (`assets/upgrades/`), which
also finds that nothing was upgraded when both versions are the same.

Everything is in the message's attributes. `data` repeats it as a sentence for people, and is not read.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from assets.telemetry.canonical import Event, time_is_in_range
from assets.telemetry.sources import gke
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement
from assets.telemetry.sources.nested import nested
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment, parse_moment

NAME = "gke_notifications"

_UPGRADE_TYPES = ("UpgradeEvent", "UpgradeInfoEvent")
_NEWS_TYPES = ("UpgradeAvailableEvent", "SecurityBulletinEvent")
# What an UpgradeInfoEvent is about.
_UPGRADES = (None, "EVENT_TYPE_UNSPECIFIED", "UPGRADE_LIFECYCLE")
_NEWS = ("END_OF_SUPPORT", "COS_MILESTONE_VERSION_UPDATE", "DISRUPTION_EVENT")
_SCOPES = {"MASTER": "control_plane", "NODE_POOL": "node_pool"}
_LARGEST_PROJECT = 2**63 - 1


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one message says: as it is, in the wrapper of a push or a pull, or with its attributes at the top.

    Not an upgrade: `news` (a version is available, a bulletin was published, support ends, nodes are disrupted).
    """
    try:
        return _interpret_message(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret_message(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    message = record["message"] if isinstance(record.get("message"), dict) else record
    attributes = nested(message, "attributes") if message.get("attributes") else message
    notification = required(attributes, "attributes.type_url", str).rpartition(".")[2]
    if notification in _NEWS_TYPES:
        return NotAnUpgrade("news")
    if notification not in _UPGRADE_TYPES:
        raise RecordError("unknown_event_type")
    payload = nested(attributes, "attributes.payload")
    published_at = _published_at(message, delivery_day)
    if notification == "UpgradeEvent":  # tells of the start and never of the end
        facts = [("started", _moment(payload, "operationStartTime", delivery_day))]
    else:
        subject = optional(payload, "attributes.payload.eventType", str)
        if subject in _NEWS:
            return NotAnUpgrade("news")
        if subject not in _UPGRADES:
            raise RecordError("invalid_value:attributes.payload.eventType")
        facts = _facts(payload, published_at, delivery_day)
    return Accepted(tuple(_events(attributes, payload, facts, published_at)))


def _facts(payload: dict[str, Any], published_at: datetime | None, delivery_day: date) -> list[tuple[str, datetime]]:
    """What an UpgradeInfoEvent says happened and when, oldest first; a plan without a time is as of the message."""
    state = required(payload, "attributes.payload.state", str)
    started_at = gke.moment(payload, "attributes.payload.startTime", delivery_day)
    if state in gke.ENDS:
        end = (gke.ENDS[state], _moment(payload, "endTime", delivery_day))
        return [end] if started_at is None else [("started", started_at), end]
    if state not in ("SCHEDULED", "STARTED"):
        raise RecordError("invalid_value:attributes.payload.state")
    if state == "SCHEDULED":
        started_at = started_at or published_at
    if started_at is None:
        raise RecordError("missing_field:attributes.payload.startTime")
    return [(state.lower(), started_at)]


def _events(
    attributes: dict[str, Any], payload: dict[str, Any], facts: list[tuple[str, datetime]], published_at: datetime | None
) -> Iterator[Event]:
    resource_type = required(payload, "attributes.payload.resourceType", str)
    if resource_type not in _SCOPES:
        raise RecordError("invalid_value:attributes.payload.resourceType")
    resource = _resource(attributes, payload, is_pool=resource_type == "NODE_POOL")
    operation = optional(payload, "attributes.payload.operation", str)
    to_version = optional(payload, "attributes.payload.targetVersion", str)
    if operation is not None:
        operation_id = gke.named_operation(resource.location, operation)
    else:
        operation_id = gke.unnamed_operation(resource, to_version=to_version, moment=facts[0][1])
    from_version = optional(payload, "attributes.payload.currentVersion", str)
    for fact, time in facts:
        stated = Statement(
            NAME,
            operation_id,
            thread=gke.THREAD,
            provider="gke",
            cluster_id=resource.cluster_id,
            scope=_SCOPES[resource_type],
            node_pool=resource.node_pool,
            region=gke.region(resource.location),
            from_version=from_version,
            to_version=to_version,
            observed_at=published_at or time,
        )
        error: dict[str, Any] = _error(payload) if fact in ("failed", "cancelled") else {}
        yield stated.fact(fact, time, **error)


def _resource(attributes: dict[str, Any], payload: dict[str, Any], *, is_pool: bool) -> gke.Resource:
    project = required(attributes, "attributes.project_id", object)
    if type(project) is int and 0 < project <= _LARGEST_PROJECT:
        project = str(project)
    if not isinstance(project, str):
        raise RecordError("invalid_type:attributes.project_id")
    location = required(attributes, "attributes.cluster_location", str)
    cluster = required(attributes, "attributes.cluster_name", str)
    path = optional(payload, "attributes.payload.resource", str) if is_pool else None
    node_pool = path.rstrip("/").rpartition("/")[2] if path else None
    return gke.Resource(gke.cluster_id(project, location, cluster), location, node_pool or None)


def _error(payload: dict[str, Any]) -> dict[str, str | None]:
    """The fields of the error, from whatever the notification adds for people; malformed, it adds nothing."""
    disruption, description = payload.get("disruptionEvent"), payload.get("description")
    code = disruption.get("disruptionType") if isinstance(disruption, dict) else None
    return {
        "error_code": mask(code) if isinstance(code, str) and code else None,
        "error_message": mask(description) if isinstance(description, str) and description else None,
    }


def _moment(payload: dict[str, Any], name: str, delivery_day: date) -> datetime:
    return accepted_moment(required(payload, f"attributes.payload.{name}", object), delivery_day=delivery_day)


def _published_at(message: dict[str, Any], delivery_day: date) -> datetime | None:
    """When Pub/Sub took the message in; None when it does not say, or what it says cannot be."""
    published_at = parse_moment(message.get("publishTime"))
    return published_at if published_at is not None and time_is_in_range(published_at, delivery_day) else None
