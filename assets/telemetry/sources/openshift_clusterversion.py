"""OpenShift `ClusterVersion` objects (config.openshift.io/v1), polled: their update history as facts.

Belongs here: which entry of `status.history` is an upgrade, what it says, and which evidence the rest of the
object adds to it; what the cluster's `Infrastructure` object says of all its upgrades.
Does not belong here: taking objects out of files and lists (`envelopes.py`), folding facts to operations
(`assets/upgrades/`).

The history is newest first and is delivered again with every poll, so the events of an entry depend on as
little else as possible: what changes from poll to poll (who asked for the upgrade, what is failing) is
carried by `started` alone.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from assets.telemetry.canonical import EARLIEST, Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement, h, moment_text, operation_id
from assets.telemetry.sources.memory import remembered
from assets.telemetry.sources.outcomes import DESCRIBED, Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.polls import observed_at
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment
from assets.versions import precedence

NAME = "openshift_clusterversion"
THREAD = "openshift"

_STATES = ("Completed", "Partial")
_PLATFORMS = ("aws", "azure", "gcp")
# OpenShift keeps this many entries, and forgets some in between rather than the oldest.
_FULL_HISTORY = 100
_precedence = remembered(precedence)
_INFERRED, _PRUNED, _ROLLBACK = (flag.value for flag in (Flag.INFERRED, Flag.PRUNED, Flag.ROLLBACK))


class _Entry(NamedTuple):
    """One entry of the history. `completed_at`: when the cluster was done with it, whatever came of it."""

    is_completed: bool
    version: str | None
    image: str | None
    started_at: datetime
    completed_at: datetime | None


class _Evidence(NamedTuple):
    """What the object says about its newest entry only, and no longer once there is a newer one."""

    wanted_version: str | None
    wanted_image: str | None
    current_version: str | None
    error_code: str | None
    error_message: str | None


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one ClusterVersion or Infrastructure object says.

    Not an upgrade: `infrastructure` (one without a region), `no_history` (seen before its first entry), `install` (the
    oldest entry alone), `no_version_change` (another image of the same version).
    """
    try:
        match optional(record, "kind", str):
            case None | "ClusterVersion":
                return _cluster_version(record, delivery_day)
            case "Infrastructure":
                return _infrastructure(record, delivery_day)
            case _:
                return Refused("invalid_value:kind")
    except RecordError as refused:
        return Refused(refused.reason)


def _infrastructure(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    """Where the cluster is, as a description: the object says so of the cluster, and of no upgrade in particular."""
    spec, status = optional(record, "spec", dict) or {}, optional(record, "status", dict) or {}
    cluster_id = optional(spec, "spec.clusterID", str) or required(record, "clusterID", str)
    region = _region(optional(status, "status.platformStatus", dict) or {})
    if region is None:
        return NotAnUpgrade("infrastructure")
    seen_at = observed_at(record, delivery_day=delivery_day)
    stated = Statement(
        NAME,
        operation_id(NAME, cluster_id, "infrastructure"),
        cluster_id=cluster_id,
        observed_at=seen_at,
        scope="cluster",
        provider="openshift",
        region=region,
        thread=THREAD,
    )
    # Any moment that never changes, so that the same description seen later is the same event.
    return Accepted((stated.fact(DESCRIBED, EARLIEST)._replace(time=seen_at),))


def _region(platforms: dict[str, Any]) -> str | None:
    """The region in the status of the one platform that the cluster runs on."""
    for platform in _PLATFORMS:
        path = f"status.platformStatus.{platform}"
        region = optional(optional(platforms, path, dict) or {}, f"{path}.region", str)
        if region is not None and (normal := "".join(region.split()).lower()):
            return normal
    return None


def _cluster_version(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    spec = required(record, "spec", dict)
    cluster_id = required(spec, "spec.clusterID", str)
    status = optional(record, "status", dict) or {}
    history = [_entry(entry, delivery_day) for entry in optional(status, "status.history", list) or []]
    seen_at = observed_at(record, delivery_day=delivery_day)
    if not history:
        return NotAnUpgrade("no_history")
    evidence = _evidence(spec, status, cluster_id=cluster_id)
    events = _events(history, evidence, cluster_id=cluster_id, observed_at=seen_at)
    if events:
        return Accepted(events)
    return NotAnUpgrade("install" if len(history) == 1 else "no_version_change")


def _entry(entry: object, delivery_day: date) -> _Entry:
    if not isinstance(entry, dict):
        raise RecordError("invalid_type:status.history")
    state = required(entry, "status.history.state", str)
    if state not in _STATES:
        raise RecordError("invalid_value:status.history.state")
    started = required(entry, "status.history.startedTime", object)
    completed = optional(entry, "status.history.completionTime", object)
    if state == "Completed" and completed is None:
        raise RecordError("missing_field:status.history.completionTime")
    return _Entry(  # by place, here and below, which is faster than by name
        state == "Completed",
        optional(entry, "status.history.version", str),
        optional(entry, "status.history.image", str),
        accepted_moment(started, delivery_day=delivery_day),
        None if completed is None else accepted_moment(completed, delivery_day=delivery_day),
    )


def _evidence(spec: dict[str, Any], status: dict[str, Any], *, cluster_id: str) -> _Evidence:
    """What there is to know about the newest entry; malformed evidence is none, and hides no upgrade."""
    wanted, desired = _object(spec.get("desiredUpdate")), _object(status.get("desired"))
    conditions = status.get("conditions")
    reason = message = None
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict) and condition.get("type") == "Failing" and condition.get("status") == "True":
            reason, message = _text(condition.get("reason")), _text(condition.get("message"))
            break
    return _Evidence(
        _text(wanted.get("version")),
        _text(wanted.get("image")),
        _text(desired.get("version")),
        reason and mask(reason, keep=(cluster_id.lower(),)),
        message and mask(message, keep=(cluster_id.lower(),)),
    )


def _events(history: list[_Entry], evidence: _Evidence, *, cluster_id: str, observed_at: datetime) -> tuple[Event, ...]:
    """The facts of every upgrade in the history, oldest first; the oldest entry is the installation."""
    events: list[Event] = []
    from_version = None
    pruned = _PRUNED if len(history) >= _FULL_HISTORY else 0
    seen_starts: dict[datetime, int] = {}
    for index in reversed(range(len(history))):
        entry, is_install, is_newest = history[index], index == len(history) - 1, index == 0
        ordinal = seen_starts[entry.started_at] = seen_starts.get(entry.started_at, 0) + 1
        to_version = entry.version or (evidence.current_version if is_newest else None) or _tag(entry.image)
        if not is_install and not _is_same_version(from_version, to_version):
            stated = Statement(
                NAME,
                _operation_id(cluster_id, entry.started_at, ordinal=ordinal),
                cluster_id=cluster_id,
                observed_at=observed_at,
                thread=THREAD,
                scope="cluster",
                provider="openshift",
                from_version=from_version,
                to_version=to_version,
                upgrade_id=h(cluster_id, to_version, from_version),
            )
            flags = pruned | (_ROLLBACK if _is_lower(to_version, than=from_version) else 0)
            is_manual = is_newest and _is_wanted(entry, to_version, evidence)
            newer = None if is_newest else history[index - 1]
            events += _facts(stated, entry, newer, flags=flags, is_manual=is_manual, evidence=evidence)
        if entry.is_completed:
            from_version = to_version
    return tuple(events)


def _facts(
    stated: Statement, entry: _Entry, newer: _Entry | None, *, flags: int, is_manual: bool, evidence: _Evidence
) -> tuple[Event, ...]:
    """`started` with its evidence, and the end: an entry left without one ended when a newer one started."""
    ended_at = entry.completed_at or (newer.started_at if newer else None)
    trigger = "manual" if is_manual else "unknown"
    if ended_at is None:
        error = {"error_code": evidence.error_code, "error_message": evidence.error_message}
        return (stated.fact("started", entry.started_at, flags=flags, trigger=trigger, **error),)
    started = stated.fact("started", entry.started_at, flags=flags, trigger=trigger)
    if entry.is_completed:
        # Completed means that the cluster reports this very version, however many upgrades follow.
        return started, stated.fact("succeeded", ended_at, flags=flags, observed_version=entry.version)
    return started, stated.fact("superseded", ended_at, flags=flags if entry.completed_at else flags | _INFERRED)


def _is_wanted(entry: _Entry, to_version: str | None, evidence: _Evidence) -> bool:
    """Whether `spec.desiredUpdate` names the entry, which somebody has to have written there."""
    by_version = evidence.wanted_version is not None and evidence.wanted_version == to_version
    by_image = evidence.wanted_image is not None and evidence.wanted_image == entry.image
    return by_version or by_image


def _operation_id(cluster_id: str, started_at: datetime, *, ordinal: int) -> str:
    """The same while version and image of the entry are still changing.

    `ordinal`: 1 for the oldest entry that started at this moment. Only the later ones carry it, so that the
    first keeps its identifier when a second appears.
    """
    later = () if ordinal == 1 else (str(ordinal),)
    return operation_id(NAME, cluster_id, moment_text(started_at), *later)


def _tag(image: str | None) -> str | None:
    """The tag of `registry:port/repository:tag@digest`; None when it has none."""
    if image is None:
        return None
    name = image.rpartition("/")[2].partition("@")[0]
    return name.partition(":")[2] or None


def _is_same_version(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.removeprefix("v") == other.removeprefix("v")


def _is_lower(one: str | None, *, than: str | None) -> bool:
    return one is not None and than is not None and _precedence(one) < _precedence(than)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
