"""Operations of Google Kubernetes Engine, polled, and the upgrade details that it keeps of clusters and pools.

Belongs here: which operations are upgrades, how they ended, and what `UpgradeDetails` say beyond that.
Does not belong here: taking records out of arrays (`envelopes.py`), paths and identifiers (`gke.py`), putting details and
operations together (`assets/upgrades/`).

An operation is what `gcloud container operations list --format=json` prints. It names no version. `UpgradeDetails` do, and
who started the upgrade, but neither the operation nor the cluster: whoever collects them adds `resource`, the path of the cluster
or pool that was asked, `projects/<project>/locations/<location>/clusters/<cluster>[/nodePools/<pool>]`.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any

from assets.telemetry.canonical import NODE_COUNT_LIMIT
from assets.telemetry.flags import Flag
from assets.telemetry.sources import gke
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.polls import observed_at
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment

NAME = "gke_operations"

_SCOPES = {"UPGRADE_MASTER": "control_plane", "UPGRADE_NODES": "node_pool"}
_TRIGGERS = {"AUTOMATIC": "auto_channel", "MANUAL": "manual"}
_UNDER_WAY = {"PENDING": "scheduled", "RUNNING": "started", "ABORTING": "started"}
_CANCELLED = 1  # google.rpc.Code
_LARGEST_CODE = 2**31 - 1
# No pool replaces even one node in less.
_SHORTEST_ROLL = timedelta(seconds=60)
# UPGRADE_NODES is also what GKE calls other changes of a pool that replace its nodes, hence a roll.
_ROLL, _INFERRED, _PREFLIGHT, _SUSPECTED_NOOP = (
    flag.value for flag in (Flag.ROLL, Flag.INFERRED, Flag.PREFLIGHT, Flag.SUSPECTED_NOOP)
)
_MILLISECONDS_IN_NAME = re.compile(r"operation-(\d{12,14})(?:-|\Z)", re.ASCII)


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one operation says, or one `UpgradeDetails`, which is known by its `state` or its `resource`.

    Not an upgrade: `compute_operation`, `other_operation` (of a cluster or pool, but no upgrade).
    """
    try:
        if record.get("kind") == "compute#operation":
            return NotAnUpgrade("compute_operation")
        if "operationType" not in record and ("state" in record or "resource" in record):
            return _interpret_details(record, delivery_day)
        return _interpret_operation(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret_operation(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    scope = _SCOPES.get(required(record, "operationType", str))
    if scope is None:
        return NotAnUpgrade("other_operation")
    name, status = required(record, "name", str), required(record, "status", str)
    target = _resource(record, "targetLink")
    location = optional(record, "location", str) or optional(record, "zone", str) or target.location
    is_of_pool = scope == "node_pool"
    stated = Statement(
        NAME,
        gke.named_operation(location, name),
        thread=gke.THREAD,
        provider="gke",
        cluster_id=target.cluster_id,
        scope=scope,
        node_pool=target.node_pool if is_of_pool else None,
        region=gke.region(location),
        node_count=_node_count(record.get("progress")),
        observed_at=observed_at(record, delivery_day=delivery_day),
    )
    flags = _ROLL if is_of_pool else 0
    started_at, inferred = gke.moment(record, "startTime", delivery_day), 0
    if started_at is None:
        started_at, inferred = _moment_in_name(name, delivery_day), _INFERRED
    if status in _UNDER_WAY:
        if started_at is None:
            raise RecordError("missing_field:startTime")
        return Accepted((stated.fact(_UNDER_WAY[status], started_at, flags=flags | inferred),))
    if status != "DONE":
        raise RecordError("invalid_value:status")
    outcome, error = _outcome(record)
    ended_at = gke.moment(record, "endTime", delivery_day)
    if ended_at is None and inferred and outcome != "succeeded":  # it was turned down before anything was touched
        ended_at, started_at = started_at, None
        flags |= inferred | (_PREFLIGHT if outcome == "failed" else 0)
    if ended_at is None:
        raise RecordError("missing_field:endTime")
    if started_at is None:
        return Accepted((stated.fact(outcome, ended_at, flags=flags, **error),))
    started = stated.fact("started", started_at, flags=flags | inferred)
    if is_of_pool and outcome == "succeeded" and ended_at - started_at < _SHORTEST_ROLL:
        flags |= _SUSPECTED_NOOP
    return Accepted((started, stated.fact(outcome, ended_at, flags=flags, **error)))


def _interpret_details(record: dict[str, Any], delivery_day: date) -> Accepted:
    target = _resource(record, "resource")
    state = optional(record, "state", str) or "UNKNOWN"
    if state not in ("UNKNOWN", "RUNNING", *gke.ENDS):
        raise RecordError("invalid_value:state")
    started_at = gke.moment(record, "startTime", delivery_day)
    ended_at = gke.moment(record, "endTime", delivery_day) if state in gke.ENDS else None
    if state in gke.ENDS and ended_at is None:
        raise RecordError("missing_field:endTime")
    moment = started_at or ended_at
    if moment is None:
        raise RecordError("missing_field:startTime")
    to_version, start_type = optional(record, "targetVersion", str), record.get("startType")
    stated = Statement(
        NAME,
        gke.unnamed_operation(target, to_version=to_version, moment=moment),
        thread=gke.THREAD,
        provider="gke",
        cluster_id=target.cluster_id,
        scope="node_pool" if target.node_pool else "control_plane",
        node_pool=target.node_pool,
        region=gke.region(target.location),
        from_version=optional(record, "initialVersion", str),
        to_version=to_version,
        trigger=_TRIGGERS.get(start_type) if isinstance(start_type, str) else None,
        observed_at=observed_at(record, delivery_day=delivery_day),
    )
    facts = (("started", started_at), (gke.ENDS.get(state), ended_at))
    return Accepted(tuple(stated.fact(fact, time) for fact, time in facts if fact and time))


def _resource(record: dict[str, Any], path: str) -> gke.Resource:
    resource = gke.resource(required(record, path, str))
    if resource is None:
        raise RecordError(f"invalid_value:{path}")
    return resource


def _outcome(record: dict[str, Any]) -> tuple[str, dict[str, str | None]]:
    """How a DONE operation ended, and the fields of the error if it did not succeed: DONE itself only says that it is over."""
    error = optional(record, "error", dict) or {}
    code, message = optional(error, "error.code", int), optional(error, "error.message", str)
    status_message = optional(record, "statusMessage", str)  # what there was before `error`
    if isinstance(code, bool):
        raise RecordError("invalid_type:error.code")
    if code is not None and not 0 <= code <= _LARGEST_CODE:
        raise RecordError("invalid_value:error.code")
    if not code and not status_message and (code == 0 or not message):
        return "succeeded", {}
    text = message or status_message
    error_fields = {"error_code": str(code) if code else None, "error_message": mask(text) if text else None}
    return "cancelled" if code == _CANCELLED else "failed", error_fields


def _moment_in_name(name: str, delivery_day: date) -> datetime | None:
    """When the operation was made, which its name tells to the millisecond; None when the name is another or cannot be right."""
    match = _MILLISECONDS_IN_NAME.match(name)
    if match is None:
        return None
    try:
        return accepted_moment(int(match[1]), delivery_day=delivery_day)
    except RecordError:
        return None


def _node_count(progress: object) -> int | None:
    """The nodes of the pool; None when the progress does not say, or not in a way that is understood."""
    metrics = progress.get("metrics") if isinstance(progress, dict) else None
    for metric in metrics if isinstance(metrics, list) else ():
        if isinstance(metric, dict) and metric.get("name") == "NODES_TOTAL":
            count = metric.get("intValue")  # a text of digits, as 64-bit integers are in Google's JSON
            if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 20:
                count = int(count)
            return count if type(count) is int and 0 <= count <= NODE_COUNT_LIMIT else None
    return None
