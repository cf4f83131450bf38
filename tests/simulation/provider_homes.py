"""One small fleet, delivered as canonical events and in the format of each provider, and what the formats cannot carry.

Belongs here: simulating such homes, finding the same operations in them, and the facts that a format loses or tells differently.
Does not belong here: expectations about anything else (the tests), the fleet that the other tests share (`conftest.py`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assets.simulation import events, export
from assets.simulation.constants import read_constants
from assets.simulation.simulate import simulate

SOURCES = (
    "aks_event_grid",
    "azure_activity_log",
    "azure_fleet",
    "openshift_clusterversion",
    "gke_operations",
    "gke_notifications",
    "eks_updates",
)
END = date(2026, 11, 20)
DAYS = 9
SETTLED = datetime(2026, 11, 14, tzinfo=UTC)
"""Of what began before, everything has been delivered by the last day: nothing is more than five days late."""


def simulated(folder: Path, source: str) -> Path:
    """A home that a simulation filled: more polls than usual are delivered again, but no message is lost and no clock is wrong,
    since only canonical events suffer from that.
    """
    of_events = read_constants("events", events.EventConstants)
    of_delivery = read_constants("delivery", export.DeliveryConstants)
    faultless = replace(of_events, lost_start_ratio=0.0, clock_skew_ratio=0.0)
    insistent = replace(of_delivery, redelivered_ratio=0.5)
    with (
        patch.object(events, "read_constants", lambda _name, _shape: faultless),
        patch.object(export, "read_constants", lambda _name, _shape: insistent),
    ):
        simulate(
            landing=folder / "landing",
            inventory=folder / "inventory" / "clusters.csv",
            incidents=folder / "simulation" / "incidents.json",
            end=END,
            days=DAYS,
            operations_per_day=200,
            seed=7,
            source=source,
        )
    return folder


def cluster_number(cluster_id: str) -> int:
    """What all names of a cluster end in, the fleet's own and the provider's."""
    match = re.search(r"\d+$", cluster_id)
    assert match, cluster_id
    return int(match[0])


def minor_of(version: str | None) -> str | None:
    return version and ".".join(version.split(".")[:2])


@dataclass(frozen=True)
class Losses:
    """What a format makes of an operation.

    `not_told`: of these facts it says nothing. `told_as`: what it says of others instead, given the operation. `may_overtake`: an
    operation that never ends counts as superseded once the next one starts. `ends_within`: how much later an end may be told.
    `names_region`: whether clusters that the inventory does not list have a region all the same.
    """

    not_told: frozenset[str] = frozenset()
    told_as: Mapping[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)
    may_overtake: bool = False
    ends_within: timedelta = timedelta(0)
    names_region: bool = False


LOSSES = {
    # Trigger and number of nodes are lost as well.
    "aks_event_grid": Losses(frozenset({"from_version", "to_version", "error_category"}), may_overtake=True),
    # An image is upgraded to the newest, whichever that is.
    "azure_activity_log": Losses(
        frozenset({"from_version"}),
        {"to_version": lambda operation: None if operation["scope"] == "node_image" else operation["to_version"]},
    ),
    "azure_fleet": Losses(frozenset({"from_version"}), {"node_pool": lambda _operation: None}),
    "openshift_clusterversion": Losses(told_as={"scope": lambda _operation: "cluster"}, may_overtake=True),
    # What fails before it starts has no details, which alone have versions.
    "gke_operations": Losses(
        told_as={
            name: lambda operation, name=name: operation[name] if operation["started_at"] else None
            for name in ("from_version", "to_version")
        },
        names_region=True,
    ),
    "gke_notifications": Losses(names_region=True),
    # Clusters and node groups have minor releases; the collector looks every quarter of an hour.
    "eks_updates": Losses(
        frozenset({"from_version"}),
        {
            "to_version": lambda operation: (
                operation["to_version"]
                if operation["scope"] == "node_image"
                else ".".join(operation["to_version"].split(".")[:2])
            )
        },
        ends_within=timedelta(minutes=15),
        names_region=True,
    ),
}


def as_told(source: str, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation of the canonical home as the format tells it: what it says nothing of is left out."""
    losses = LOSSES[source]
    told = operation | {name: of(operation) for name, of in losses.told_as.items()}
    return {name: value for name, value in told.items() if name not in losses.not_told}
