"""Provider sources: what one record of each wire format means, as canonical events.

Belongs here: the registry of the formats, by the name of their folder under `landing/`.
Does not belong here: the formats themselves (`<source>.py` beside this file, each a pure function of one
record), taking records out of files (`envelopes.py`), reading files into
the warehouse (`assets/telemetry/reading.py`).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from assets.telemetry.sources import (
    aks_event_grid,
    azure_activity_log,
    azure_fleet,
    eks_updates,
    gke_notifications,
    gke_operations,
    openshift_clusterversion,
)
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, Refused

__all__ = ["SOURCES", "Accepted", "NotAnUpgrade", "Outcome", "Refused", "Source"]


class Source(Protocol):
    """A wire format: a module, or anything else, with this function."""

    def interpret(self, record: dict[str, Any], *, delivery_day: date) -> Outcome:
        """What one record says; the same for the same arguments, never an exception."""


_MODULES = (
    aks_event_grid,
    azure_activity_log,
    azure_fleet,
    eks_updates,
    gke_notifications,
    gke_operations,
    openshift_clusterversion,
)
SOURCES: Mapping[str, Source] = {module.NAME: module for module in _MODULES}
