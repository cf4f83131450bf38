"""EKS updates, polled: what `aws eks describe-update` prints, with the cluster stamped by the collector.

Belongs here: which updates are upgrades, of what, to which version, and how far a poll can tell their times.
Does not belong here: taking records out of files (`envelopes.py`), choosing the first of many polls that saw an end
(`assets/upgrades/`).

An update names neither its cluster nor its end. So the collector stamps `collected_at`, `account_id`, `region`, `cluster_name`
and, where they apply, `nodegroup_name` or `addon_name` beside it, and an end has the time of the poll that saw it.
"""

import re
from datetime import date
from typing import Any

from assets.telemetry.flags import Flag
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement, operation_id
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.polls import observed_at
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment

NAME = "eks_updates"

_UPGRADES = ("VersionUpdate", "VersionRollback", "AddonUpdate")
# The end that a status reports; None while there is none.
_ENDS = {"InProgress": None, "Successful": "succeeded", "Failed": "failed", "Cancelled": "cancelled"}
_STAMPED = ("collected_at", "account_id", "region", "cluster_name")
_ROLL, _ROLLBACK, _POLL_BOUND = (flag.value for flag in (Flag.ROLL, Flag.ROLLBACK, Flag.POLL_BOUND))
# A name as it stands in a message, and where one inside an ARN or a URL begins and ends.
_NAME = re.compile(r"\w++(?:[.:/-]++\w++)*")
_SEGMENTS = re.compile(r"[:/]+")


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one stamped update says.

    Not an upgrade: `update` (another type, or an add-on's settings without a version), `request` (a CloudTrail record: somebody
    asked for something, which says nothing of what came of it). Without a stamp it is refused as `missing_cluster`.
    """
    try:
        return _interpret(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    if isinstance(record.get("eventSource"), str):
        return NotAnUpgrade("request")
    for stamp in _STAMPED:
        if record.get(stamp) in (None, ""):
            raise RecordError("missing_cluster")
    account, name = required(record, "account_id", str), required(record, "cluster_name", str)
    region = "".join(required(record, "region", str).split()).lower()
    if not region:
        raise RecordError("missing_cluster")
    node_group, addon = optional(record, "nodegroup_name", str), optional(record, "addon_name", str)
    collected_at = observed_at(record, delivery_day=delivery_day)
    update = required(record, "update", dict)
    kind = required(update, "update.type", str)
    if kind not in _UPGRADES:
        return NotAnUpgrade("update")
    update_id, status = required(update, "update.id", str), required(update, "update.status", str)
    if status not in _ENDS:
        raise RecordError("invalid_value:update.status")
    created = optional(update, "update.createdAt", object)
    scope, to_version = _target(kind, node_group=node_group, addon=addon, params=_params(update))
    flags = _ROLLBACK if kind == "VersionRollback" else 0
    if to_version is None and scope == "addon":
        return NotAnUpgrade("update")
    if to_version is None and scope == "node_pool":
        flags |= _ROLL  # to another launch template, whose image may be of any version
    started_at = None if created is None else accepted_moment(created, delivery_day=delivery_day)
    stated = Statement(
        NAME,
        operation_id(NAME, account, region, name, node_group, addon, update_id),
        cluster_id=f"arn:aws:eks:{region}:{account}:cluster/{name}",
        observed_at=collected_at,
        scope=scope,
        provider="eks",
        # An add-on takes the place of a pool, so that its versions and attempts are not taken for those of another.
        node_pool=addon if scope == "addon" else node_group,
        region=region,
        to_version=to_version,
        trigger="manual" if kind == "VersionRollback" else "unknown",
    )
    end = _ENDS[status]
    events = []
    if started_at is not None:
        events.append(stated.fact("started", started_at, flags=flags))
    elif end is None:
        events.append(stated.fact("started", collected_at, flags=flags | _POLL_BOUND))
    # Otherwise it had started by an earlier poll; that both were now would be a duration of nothing.
    if end is not None:
        error = {} if end == "succeeded" else _error(update)
        events.append(stated.fact(end, collected_at, flags=flags | _POLL_BOUND, **error))
    return Accepted(tuple(events))


def _target(kind: str, *, node_group: str | None, addon: str | None, params: dict[str, str]) -> tuple[str, str | None]:
    """The scope of what is upgraded, and the version wanted."""
    version, release = params.get("Version"), params.get("ReleaseVersion")
    if addon or kind == "AddonUpdate":
        return "addon", params.get("AddonVersion")
    if node_group is None:
        return "control_plane", version
    # The version that the group has is not known here: a release alone is taken for another image of it.
    return ("node_image", release) if version is None and release is not None else ("node_pool", version)


def _params(update: dict[str, Any]) -> dict[str, str]:
    """The parameters of the update that have a value, by type."""
    params = {}
    for param in optional(update, "update.params", list) or []:
        if not isinstance(param, dict):
            raise RecordError("invalid_type:update.params")
        value = optional(param, "update.params.value", str)
        if value is not None:
            params[required(param, "update.params.type", str)] = value
    return params


def _error(update: dict[str, Any]) -> dict[str, str | None]:
    """The fields of the first error, without the resources that any of them names; malformed errors are none."""
    given = update.get("errors")
    errors = [error for error in given if isinstance(error, dict)] if isinstance(given, list) else []
    named = [error["resourceIds"] for error in errors if isinstance(error.get("resourceIds"), list)]
    resources = {name for names in named for name in names if isinstance(name, str)}
    first = errors[0] if errors else {}
    return {
        "error_code": _masked(first.get("errorCode"), resources),
        "error_message": _masked(first.get("errorMessage"), resources),
    }


def _masked(text: object, resources: set[str]) -> str | None:
    if not isinstance(text, str) or not text:
        return None
    names = _NAME.findall(text) if resources else []
    if not resources.isdisjoint(names) or not resources.isdisjoint(_SEGMENTS.split("/".join(names))):
        text = _NAME.sub(
            lambda name: name[0] if resources.isdisjoint((name[0], *_SEGMENTS.split(name[0]))) else "<resource>", text
        )
    return mask(text)
