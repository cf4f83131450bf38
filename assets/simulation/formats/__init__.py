"""The providers' wire formats, as they deliver the simulated operations.

Belongs here: the registry of the formats, by the name of their folder under `landing/`.
Does not belong here: the formats (`<source>.py` beside this file, each pure functions from operations to records), what the
pipeline reads out of the records (`assets/telemetry/sources/`, of which nothing is used here).
"""

from collections.abc import Mapping

from assets.simulation.formats import (
    aks_event_grid,
    azure_activity_log,
    azure_fleet,
    eks_updates,
    gke_notifications,
    gke_operations,
    openshift_clusterversion,
)
from assets.simulation.formats.format import Format

FORMATS: Mapping[str, Format] = {
    module.FORMAT.source: module.FORMAT
    for module in (
        aks_event_grid,
        azure_activity_log,
        azure_fleet,
        openshift_clusterversion,
        gke_operations,
        gke_notifications,
        eks_updates,
    )
}
