"""What the records of Google Kubernetes Engine share: clusters, pools, regions, and the identity of operations.

Belongs here: one spelling for resource paths, and the identifiers by which operations and notifications speak of one upgrade.
Does not belong here: what a record says (`gke_operations.py`, `gke_notifications.py`), the ids of other clouds (their own
modules).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from assets.telemetry.sources.fields import optional
from assets.telemetry.sources.identity import moment_text, operation_id
from assets.telemetry.sources.times import accepted_moment

THREAD = "gke"
# How an upgrade ended, in the words of everything but operations.
ENDS = {"SUCCEEDED": "succeeded", "FAILED": "failed", "CANCELED": "cancelled"}

_PATH = re.compile(r"(?:^|/)projects/([^/]+)/(?:locations|zones|regions)/([^/]+)/clusters/([^/]+)(?:/nodePools/([^/]+))?/?\Z")


class Resource(NamedTuple):
    """What a path names: a cluster, or a pool of it. `location`: the cluster's zone or region."""

    cluster_id: str
    location: str
    node_pool: str | None


def resource(path: str) -> Resource | None:
    """The resource of a relative path or a link; None when it names no cluster.

    The project stays what it is, a number or an id: which belong together, no path says.
    """
    match = _PATH.search(path)
    if match is None:
        return None
    project, location, cluster, node_pool = match.groups()
    return Resource(cluster_id(project, location, cluster), location, node_pool)


def cluster_id(project: str, location: str, cluster: str) -> str:
    """The path of a cluster, written as for one in a region whether it is in a region or a zone."""
    return f"projects/{project}/locations/{location}/clusters/{cluster}"


def region(location: str) -> str:
    """The region that a location is, or that it is a zone of."""
    location = location.lower().replace(" ", "")
    head, _, last = location.rpartition("-")
    return head if head and len(last) == 1 and last.isalpha() else location


def named_operation(location: str, name: str) -> str:
    """The identifier of an operation that has a name, which is unique in its location."""
    return operation_id("gke", location, name)


def unnamed_operation(resource: Resource, *, to_version: str | None, moment: datetime) -> str:
    """The identifier of an upgrade told of without its operation. `moment`: of its start; of its end when it has no start."""
    return operation_id("gke_details", resource.cluster_id, resource.node_pool, to_version, moment_text(moment))


def moment(holder: Mapping[str, Any], path: str, delivery_day: date) -> datetime | None:
    """The time field of `holder` that the last segment of `path` names; None when absent.

    Raises:
        RecordError: `invalid_time` or `time_out_of_range`.
    """
    value = optional(holder, path, object)
    return None if value is None else accepted_moment(value, delivery_day=delivery_day)
