"""Azure Resource Manager ids of managed clusters: which cluster, which pool, and whose resource it is.

Belongs here: one spelling for ids that Azure writes in any case.
Does not belong here: which operations on a resource are upgrades (`azure_activity_log.py`, `azure_fleet.py`),
the ids of other clouds (their own modules).
"""

from typing import NamedTuple

_PROVIDERS = "/providers/"
_MANAGED_CLUSTERS = "/providers/microsoft.containerservice/managedclusters/"
_AGENT_POOLS = "agentpools/"


class Resource(NamedTuple):
    """What an id names: a cluster, a pool of it, or something that belongs to either. All in lower case.

    `cluster_id`: the id up to the cluster's name.
    `node_pool`: the pool's name; None where no pool is named.
    `provider_namespace`: of the innermost resource; `microsoft.insights` for a diagnostic setting of a cluster.
    """

    cluster_id: str
    node_pool: str | None
    provider_namespace: str


def resource(path: str) -> Resource | None:
    """The resource of an id in any case, with or without a trailing slash; None when it is not in a managed cluster.

    Nothing else is asked of the id: subscriptions are written that are no GUIDs.
    """
    normal = path.strip().rstrip("/").lower()
    group, marker, rest = normal.partition(_MANAGED_CLUSTERS)
    name, _, inner = rest.partition("/")
    if not name:
        return None
    node_pool = inner.removeprefix(_AGENT_POOLS).partition("/")[0] if inner.startswith(_AGENT_POOLS) else None
    namespace = normal.rpartition(_PROVIDERS)[2].partition("/")[0]
    return Resource(cluster_id=f"{group}{marker}{name}", node_pool=node_pool or None, provider_namespace=namespace)
