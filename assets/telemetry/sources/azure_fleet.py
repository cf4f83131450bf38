"""Azure Kubernetes Fleet Manager's update runs, polled: how far each member cluster has come.

Belongs here: what a run says of each of its members, and which pools of a member it left out.
Does not belong here: ids of clusters (`arm.py`), folding polls of a run to operations (`assets/upgrades/`).

A member's state is its own: that of its group, its stage or the run follows from thresholds and waits, and says nothing of it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from assets.telemetry.canonical import Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.arm import resource
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement, h, moment_text, operation_id
from assets.telemetry.sources.nested import nested
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.polls import observed_at
from assets.telemetry.sources.preflight import PREFLIGHT_CODES
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment

NAME = "azure_fleet"

_UPGRADE = "managedClusterUpdate.upgrade"
_STATUS = "status.status"
_STAGES = "status.stages"
_GROUPS = f"{_STAGES}.groups"
_MEMBERS = f"{_GROUPS}.members"
_STATE = f"{_MEMBERS}.status"

_SCOPES = {"Full": "cluster", "NodeImageOnly": "node_image", "ControlPlaneOnly": "control_plane"}
_TYPES = {
    "NotStarted": "scheduled",
    "Pending": "scheduled",
    "Running": "started",
    "Stopping": "started",
    "Completed": "succeeded",
    "Failed": "failed",
    "Skipped": "skipped",
    "Stopped": "cancelled",
}
_SKIPPED = "Skipped upgrade of "
_POOL = re.compile(
    r'(?:version "(?P<current>[^"]+)" of )?agent pool "(?P<name>[^"]+)"'
    r'(?: is already at or ahead of target upgrade version "(?P<target>[^"]+)")?'
)
_REGION = re.compile(r'in region "([^"]+)"')


@dataclass(frozen=True, slots=True)
class _Run:
    """What holds for all members of a run. `started_at`: since when they wait for their turn."""

    id: str
    scope: str
    to_version: str | None
    trigger: str
    started_at: datetime | None
    observed_at: datetime
    delivery_day: date

    def stated(self, operation_id: str, cluster_id: str, **said: Any) -> Statement:
        """What the run states of one upgrade in it. `said`: fields of all its events."""
        return Statement(
            NAME,
            operation_id,
            cluster_id=cluster_id,
            observed_at=self.observed_at,
            thread="azure",
            provider="aks",
            trigger=self.trigger,
            upgrade_id=self.id,
            **said,
        )


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one run says of all its members: as REST returns it, as a row of Resource Graph, or its properties alone.

    Not an upgrade: `gate` (an approval that a run waits for), `not_started` (a run of which nothing has a time yet).
    """
    try:
        return _interpret(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    kind_field = "eventType" if "eventType" in record else "type"
    kind = (optional(record, kind_field, str) or "").lower()
    if kind.endswith("/fleets/gates") or ".fleetgate" in kind:
        return NotAnUpgrade("gate")
    if kind and not kind.endswith("/fleets/updateruns"):
        raise RecordError(f"invalid_value:{kind_field}")
    properties = nested(record, "properties") if "properties" in record else record
    status = optional(properties, "status", dict) or {}
    run = _run(record, properties, status, delivery_day)
    events = [
        event
        for stage in _objects(status, _STAGES)
        for group in _objects(stage, _GROUPS)
        for member in _objects(group, _MEMBERS)
        for event in _events(
            member, run, place=(required(stage, f"{_STAGES}.name", str), required(group, f"{_GROUPS}.name", str))
        )
    ]
    return Accepted(tuple(sorted(events, key=lambda event: event.time))) if events else NotAnUpgrade("not_started")


def _run(record: dict[str, Any], properties: dict[str, Any], status: dict[str, Any], delivery_day: date) -> _Run:
    upgrade = required(required(properties, "managedClusterUpdate", dict), _UPGRADE, dict)
    scope = _SCOPES.get(required(upgrade, f"{_UPGRADE}.type", str))
    if scope is None:
        raise RecordError(f"invalid_value:{_UPGRADE}.type")
    started_at = _moment(optional(status, _STATUS, dict) or {}, f"{_STATUS}.startTime", delivery_day)
    version = optional(upgrade, f"{_UPGRADE}.kubernetesVersion", str)
    return _Run(
        id=_run_id(record, properties, started_at),
        scope=scope,
        to_version=_only_image(status) if scope == "node_image" else version,
        trigger="auto_channel" if properties.get("autoUpgradeProfileId") else "manual",
        started_at=started_at,
        observed_at=observed_at(record, delivery_day=delivery_day),
        delivery_day=delivery_day,
    )


def _run_id(record: dict[str, Any], properties: dict[str, Any], started_at: datetime | None) -> str:
    """The run's resource id; of a run that comes without it, its strategy and start, by which it is known from then on."""
    given = optional(record, "id", str)
    if given is not None:
        return _spelled(given)
    if started_at is None:
        raise RecordError("missing_field:id")
    return h(_spelled(optional(properties, "updateStrategyId", str) or ""), moment_text(started_at))


def _spelled(resource_id: str) -> str:
    return resource_id.strip().rstrip("/").lower()


def _only_image(status: dict[str, Any]) -> str | None:
    """The node image that was selected for the run when it is one for all; with several, pools get one each."""
    selection = status.get("nodeImageSelection")
    selected = selection.get("selectedNodeImageVersions") if isinstance(selection, dict) else None
    images = [image.get("version") for image in selected if isinstance(image, dict)] if isinstance(selected, list) else []
    return _text(images[0]) if len(images) == 1 else None


def _events(member: dict[str, Any], run: _Run, *, place: tuple[str, str]) -> Iterator[Event]:
    """The facts of one member: its start, its present state, and the pools that its upgrade left out."""
    key = (run.id, *place, required(member, f"{_MEMBERS}.name", str))
    cluster = resource(required(member, f"{_MEMBERS}.clusterResourceId", str))
    if cluster is None:
        raise RecordError(f"invalid_value:{_MEMBERS}.clusterResourceId")
    status = required(member, _STATE, dict)
    type_ = _TYPES.get(required(status, f"{_STATE}.state", str))
    if type_ is None:
        raise RecordError(f"invalid_value:{_STATE}.state")
    has_operation = bool(member.get("operationId"))
    message = _text(member.get("message")) or ""
    left_out = message.partition(_SKIPPED)[2]
    # A member of which every pool was left out is completed too: it says so, or nothing was ever begun on its cluster.
    if type_ == "succeeded" and left_out and (left_out.startswith("all ") or not has_operation):
        type_ = "skipped"
    started_at = _moment(status, f"{_STATE}.startTime", run.delivery_day)
    time = _time(type_, started_at, _moment(status, f"{_STATE}.completedTime", run.delivery_day), run)
    if time is None:
        return
    stated = run.stated(operation_id(NAME, *key), cluster.cluster_id, scope=run.scope, to_version=run.to_version)
    if started_at and (type_ in ("succeeded", "failed") or (type_ == "cancelled" and has_operation)):
        yield stated.fact("started", started_at)
    error = {} if type_ == "succeeded" else _error(type_, status.get("error"), message, keep=cluster.cluster_id.split("/"))
    yield stated.fact(type_, time, **error)
    for name, pool in {pool["name"].lower(): pool for pool in _POOL.finditer(left_out)}.items():
        stated = run.stated(
            operation_id(NAME, *key, name),
            cluster.cluster_id,
            scope="node_image",
            node_pool=name,
            from_version=pool["current"],
            to_version=pool["target"],
        )
        yield stated.fact("skipped", time)


def _time(type_: str, started_at: datetime | None, completed_at: datetime | None, run: _Run) -> datetime | None:
    """When the member came into its state; None while nothing has a time, since nothing has happened.

    The start of a member that waits is the time since when it waits. One that has none waits since the run began.
    """
    match type_:
        case "started":
            return _known(started_at, f"{_STATE}.startTime")
        case "succeeded" | "failed":
            return _known(completed_at, f"{_STATE}.completedTime")
        case "scheduled":
            return started_at or run.started_at
        case _:
            return completed_at or started_at or run.started_at


def _error(type_: str, error: object, message: str, *, keep: Collection[str]) -> dict[str, Any]:
    """The fields of the error that the member is in; malformed evidence is none."""
    errors = _errors(error)
    code = next((code for each in errors if (code := _text(each.get("code")))), None)
    text = next((text for each in errors if (text := _text(each.get("message")))), None)
    if type_ == "failed":
        text = text or message or None
    if code is None and text is None:
        return {}
    region = _REGION.search(text or "")
    return {
        "error_code": code and mask(code, keep=keep),
        "error_message": text and mask(text, keep=keep),
        "region": region and region[1].lower().replace(" ", ""),
        "flags": Flag.PREFLIGHT.value if type_ == "failed" and code in PREFLIGHT_CODES else 0,
    }


def _errors(error: object) -> list[dict[str, Any]]:
    """An error and those inside it, the innermost first: Azure wraps the one that matters."""
    errors: list[dict[str, Any]] = []
    while isinstance(error, dict):
        errors.insert(0, error)
        details = error.get("details")
        error = details[0] if isinstance(details, list) and details else None
    return errors


def _objects(holder: Mapping[str, Any], path: str) -> Iterator[dict[str, Any]]:
    for item in optional(holder, path, list) or []:
        if not isinstance(item, dict):
            raise RecordError(f"invalid_type:{path}")
        yield item


def _moment(holder: Mapping[str, Any], path: str, delivery_day: date) -> datetime | None:
    value = optional(holder, path, object)
    return None if value is None else accepted_moment(value, delivery_day=delivery_day)


def _known(moment: datetime | None, path: str) -> datetime:
    if moment is None:
        raise RecordError(f"missing_field:{path}")
    return moment


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
