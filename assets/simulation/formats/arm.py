"""How Azure Resource Manager writes the identifiers of clusters.

Belongs here: the case in which documentation and most records have them.
Does not belong here: what a cluster is called (`fleet.yaml`), records (`aks_event_grid.py` and
others beside this file).
"""

_WRITTEN = (
    ("/resourcegroups/", "/resourceGroups/"),
    ("/microsoft.containerservice/managedclusters/", "/Microsoft.ContainerService/managedClusters/"),
)


def written(cluster_id: str) -> str:
    """The identifier of a cluster, which is in lower case, as Azure writes it."""
    for lower, mixed in _WRITTEN:
        cluster_id = cluster_id.replace(lower, mixed)
    return cluster_id
