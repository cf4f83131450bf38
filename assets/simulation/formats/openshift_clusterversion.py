"""OpenShift `ClusterVersion` objects, polled: the history of a cluster's updates.

Belongs here: the object that a poll shows of one cluster.
Does not belong here: what the pipeline makes of it (`assets/telemetry/sources/openshift_clusterversion.py`).
"""

from collections.abc import Sequence
from typing import Any

from assets.simulation.formats.format import (
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
from assets.simulation.formats.operation import NANOSECONDS, Operation, guid, rfc3339

_INSTALLED_BEFORE = 400 * 86_400 * NANOSECONDS
_INSTALLATION_TAKES = 2_400 * NANOSECONDS
_SUSPICIOUS_AFTER = 86_400 * NANOSECONDS


def carries(operation: Operation) -> bool:
    """The history has updates of the control plane that began; they do not fail, and what is completed is what runs."""
    has_begun = operation.scope == "control_plane" and operation.started_at is not None
    is_told = operation.outcome in ("", "superseded") or (operation.outcome == "succeeded" and operation.runs_target)
    return has_begun and is_told


def cluster_version(operations: Sequence[Operation], seen_at: int) -> list[Record]:
    """The object of one cluster; its oldest entry is the installation, long before the simulation."""
    begun = [operation for operation in operations if operation.started_at is not None and operation.started_at <= seen_at]
    if not begun:
        return []
    first, newest = begun[0], begun[-1]
    installed_at = first.known_at - _INSTALLED_BEFORE - first.cluster % 200 * _SUSPICIOUS_AFTER
    installation = {
        "state": "Completed",
        "version": first.from_version,
        "image": _image(first.from_version),
        "verified": False,
        "startedTime": rfc3339(installed_at, digits=0),
        "completionTime": rfc3339(installed_at + _INSTALLATION_TAKES, digits=0),
    }
    spec: dict[str, Any] = {"clusterID": first.cluster_id, "channel": f"stable-{newest.to_version.rpartition('.')[0]}"}
    if newest.trigger == "manual":
        spec["desiredUpdate"] = {"version": newest.to_version, "image": _image(newest.to_version), "force": False}
    return [
        {
            "apiVersion": "config.openshift.io/v1",
            "kind": "ClusterVersion",
            "metadata": {"name": "version"},
            "spec": spec,
            "status": {
                "desired": {"version": newest.to_version, "image": _image(newest.to_version)},
                "history": [*(_entry(operation, seen_at) for operation in reversed(begun)), installation],
                "conditions": [_failing(newest, seen_at)],
            },
            "collected_at": rfc3339(seen_at, digits=3),
        }
    ]


def _entry(operation: Operation, seen_at: int) -> Record:
    state = operation.state(seen_at)
    is_over = state != "started"
    assert operation.started_at is not None
    return {
        "state": "Completed" if state == "succeeded" else "Partial",
        "version": operation.to_version,
        "image": _image(operation.to_version),
        "verified": True,
        "startedTime": rfc3339(operation.started_at, digits=0),
        "completionTime": rfc3339(operation.finished_at, digits=0) if is_over and operation.finished_at is not None else None,
    }


def _failing(newest: Operation, seen_at: int) -> Record:
    """An update that takes more than a day is failing at something, and may succeed yet."""
    is_failing = newest.state(seen_at) == "started" and seen_at - newest.known_at > _SUSPICIOUS_AFTER
    if not is_failing:
        return {"type": "Failing", "status": "False"}
    reason, message = "ClusterOperatorDegraded", "Cluster operator machine-config is degraded"
    return {"type": "Failing", "status": "True", "reason": reason, "message": message}


def _image(version: str) -> str:
    digest = "".join(guid("image", version, half).replace("-", "") for half in range(2))
    return f"quay.io/openshift-release-dev/ocp-release@sha256:{digest}"


_ENTRY = {
    "state": "Completed",
    "version": "4.16.3",
    "startedTime": EXAMPLE_MOMENT,
    "completionTime": EXAMPLE_MOMENT,
}
_EXAMPLE = {"kind": "ClusterVersion", "spec": {"clusterID": "c1"}, "status": {"history": [_ENTRY]}}

FORMAT = Format(
    source="openshift_clusterversion",
    provider="openshift",
    carries=carries,
    dialects=(
        Dialect(cluster_version, LINES),
        Dialect(cluster_version, Envelope('{"apiVersion":"v1","kind":"List","items":[', "]}", 0)),
        Dialect(cluster_version, Envelope("[", "]", 0)),
    ),
    defects=(
        *LINE_DEFECTS,
        without("spec", _EXAMPLE),
        without("spec.clusterID", _EXAMPLE),
        wrong("invalid_value:kind", _EXAMPLE, {"kind": "ClusterOperator"}),
        wrong("invalid_type:status.history", _EXAMPLE, {"status.history": "Completed"}),
        wrong("invalid_value:status.history.state", _EXAMPLE, {"status.history": [{**_ENTRY, "state": "Unknown"}]}),
        wrong("invalid_time", _EXAMPLE, {"status.history": [{**_ENTRY, "startedTime": "yesterday"}]}),
        wrong("invalid_value:collected_at", _EXAMPLE, {"collected_at": "just now"}),
    ),
    subject=lambda operation: operation.cluster,
    keeps_history=True,
)
