"""What the ledger's names mean in plain words: sources, and the classes of records and operations that are no upgrades.

Belongs here: one entry per source and class; what has none is shown as it is called.
Does not belong here: deciding the class (`assets/telemetry/sources/`, `assets/upgrades/`), sentences (`findings.py`).
"""

SOURCES = {
    "canonical": "Canonical events",
    "aks_event_grid": "AKS, Event Grid",
    "azure_activity_log": "Azure, activity log",
    "azure_fleet": "Azure Kubernetes Fleet Manager",
    "openshift_clusterversion": "OpenShift, ClusterVersion",
    "gke_operations": "GKE, operations",
    "gke_notifications": "GKE, notifications",
    "eks_updates": "EKS, updates",
}

CLASSES = {
    "abort": "an abort of nothing that was running",
    "compute_operation": "an operation on virtual machines",
    "create": "the making of a cluster or node pool",
    "empty": "a document with nothing in it",
    "gate": "an approval that a fleet's run waits for",
    "infrastructure": "a description of the infrastructure, without a region",
    "install": "the installation of a cluster",
    "maintenance": "maintenance of another kind",
    "news": "an announcement: a new version, the end of support, a security bulletin",
    "no_history": "a cluster that has no version yet",
    "no_version_change": "another image of the same version",
    "not_started": "a run of a fleet of which nothing has begun",
    "other_category": "a record of alerts, policies or the service's health",
    "other_operation": "another operation: making, resizing, repairing, deleting",
    "other_provider": "an operation on something else than a cluster",
    "request": "a request, which says nothing of what came of it",
    "state": "a step between start and end",
    "update": "another change: settings, size, tags, credentials",
}
