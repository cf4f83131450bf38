"""The synthetic fleet: providers, regions, clusters, node pools, and the inventory that lists them.

Belongs here: what exists and how it is set up, drawn once per simulation, and `inventory/clusters.csv`.
Does not belong here: which builds there are (`releases.py`), what is done to clusters (`demand.py`, `operations.py`),
how clusters report it (`events.py`).
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.simulation.constants import read_constants
from assets.simulation.rows import Bools, Floats, Ints

CHANNEL_NONE, CHANNEL_STABLE, CHANNEL_RAPID = range(3)
"""Who decides when a cluster is upgraded: people, or an automatic channel at leisure or at once."""

CONTROL_PLANE_POSITION = 0
"""Position of the control plane among a cluster's resources; node pools have the positions from 1 on."""


@dataclass(frozen=True)
class Region:
    name: str
    ring: int
    share: float
    utc_offset_hours: int


@dataclass(frozen=True)
class Provider:
    """`node_image` is the version of a node image built on a day, empty where there are no image upgrades.

    `cluster_id` is what the provider itself calls a cluster, given its region and its number.
    """

    name: str
    cluster_id: str
    share: float
    duration_factor: float
    kubernetes_minor_offset: int
    node_image: str
    node_pools: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Workload:
    name: str
    share: float
    failure_factor: float
    duration_factor: float
    median_nodes: int


@dataclass(frozen=True)
class FleetConstants:
    """The shape of `fleet.yaml`, where the numbers are explained."""

    clusters_per_daily_operation: float
    smallest_fleet: int
    providers: tuple[Provider, ...]
    workloads: tuple[Workload, ...]
    node_pools_per_cluster: tuple[float, ...]
    own_workload_ratio: float
    node_count_sigma: float
    most_nodes: int
    rapid_channel_ratio: float
    stable_channel_ratio: float
    weekend_window_ratio: float
    minors_behind: tuple[float, ...]
    patience_days: int
    api_feature_ratio: float
    api_features: tuple[tuple[str, ...], ...]
    unlisted_ratio: float
    relabelled_ratio: float


@dataclass(frozen=True)
class Fleet:
    """Clusters and their resources (the control plane, then the node pools) as arrays of codes.

    `regions` and `providers` list the names the codes stand for: region r belongs to provider
    `provider_of_region[r]`. Cluster arrays have shape (clusters,): `region`, `workload`, `channel`,
    `weekend_window`, `window_hour` (UTC hour in which maintenance may begin), `working_hour` (UTC hour at
    which people there begin to work), `minors_behind`, `patience_days`, `api_features` (0 none, else a
    position in `constants.api_features` plus 1), `is_listed`. Resource arrays have shape (resources,),
    cluster by cluster: `cluster`, `position` (0 control plane, 1 … the pools), `resource_workload`,
    `node_count`. `control_plane` (clusters,) is the row of a cluster's control plane. The clusters of the
    provider `in_own_words` are called what it calls them, all others by names of ours.
    """

    constants: FleetConstants
    regions: tuple[Region, ...]
    provider_of_region: Ints
    region: Ints
    workload: Ints
    channel: Ints
    weekend_window: Bools
    window_hour: Ints
    working_hour: Ints
    minors_behind: Ints
    patience_days: Ints
    api_features: Ints
    is_listed: Bools
    control_plane: Ints
    cluster: Ints
    position: Ints
    resource_workload: Ints
    node_count: Ints
    in_own_words: str | None = None

    @property
    def providers(self) -> tuple[Provider, ...]:
        return self.constants.providers

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return self.constants.workloads

    @property
    def ring_of_region(self) -> Ints:
        return np.array([region.ring for region in self.regions])

    @property
    def cluster_count(self) -> int:
        return len(self.region)

    def cluster_ids(self, cluster: Ints) -> pl.Series:
        """The identifiers of clusters, as events and inventory have them."""
        region = self.region[cluster].astype(np.int64)
        provider = self.provider_of_region[region]
        names = [
            f"{self.providers[code].name}-{of.name}-" for code, of in zip(self.provider_of_region, self.regions, strict=True)
        ]
        ids = pl.select(pl.concat_str(pl.Series(names).gather(region), pl.Series(cluster).cast(pl.String))).to_series()
        for code, of in enumerate(self.providers):
            if of.name == self.in_own_words:
                rows = np.flatnonzero(provider == code)
                own = [
                    of.cluster_id.format(region=self.regions[region[row]].name, number=int(cluster[row])) for row in rows.tolist()
                ]
                ids = ids.scatter(rows, pl.Series(own, dtype=pl.String))
        return ids

    def region_codes(self, provider: str, names: tuple[str, ...]) -> tuple[int, ...]:
        """The codes of a provider's regions; all of them when `names` is empty."""
        return tuple(
            code
            for code, region in enumerate(self.regions)
            if self.providers[self.provider_of_region[code]].name == provider and (not names or region.name in names)
        )

    def workload_codes(self, names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(code for code, workload in enumerate(self.workloads) if workload.name in names)


def build_fleet(*, operations_per_day: int, rng: np.random.Generator, in_own_words: str | None = None) -> Fleet:
    """A fleet large enough to open `operations_per_day` upgrades on an average day.

    `in_own_words`: the provider whose clusters are called what it calls them itself.
    """
    constants = read_constants("fleet", FleetConstants)
    regions = tuple(region for provider in constants.providers for region in provider.regions)
    provider_of_region = np.repeat(
        np.arange(len(constants.providers)), [len(provider.regions) for provider in constants.providers]
    )
    shares = np.array(
        [
            provider.share * region.share / sum(sibling.share for sibling in provider.regions)
            for provider in constants.providers
            for region in provider.regions
        ]
    )
    count = max(constants.smallest_fleet, math.ceil(operations_per_day * constants.clusters_per_daily_operation))
    region = rng.choice(len(regions), size=count, p=_normalised(shares)).astype(np.int16)
    workload_shares = _normalised([workload.share for workload in constants.workloads])
    workload = rng.choice(len(constants.workloads), size=count, p=workload_shares).astype(np.int8)
    offset = np.array([region.utc_offset_hours for region in regions])[region]

    channel_draw = rng.random(count)
    channel = np.full(count, CHANNEL_NONE, np.int8)
    channel[channel_draw < constants.rapid_channel_ratio + constants.stable_channel_ratio] = CHANNEL_STABLE
    channel[channel_draw < constants.rapid_channel_ratio] = CHANNEL_RAPID

    pools_per_cluster = 1 + rng.choice(
        len(constants.node_pools_per_cluster), size=count, p=_normalised(constants.node_pools_per_cluster)
    )
    control_plane = np.concatenate([[0], np.cumsum(pools_per_cluster + 1)[:-1]])
    cluster = np.repeat(np.arange(count, dtype=np.int32), pools_per_cluster + 1)
    position = (np.arange(len(cluster)) - control_plane[cluster]).astype(np.int8)
    own_workload = (position != CONTROL_PLANE_POSITION) & (rng.random(len(cluster)) < constants.own_workload_ratio)
    resource_workload = np.where(
        own_workload,
        rng.choice(len(constants.workloads), size=len(cluster), p=workload_shares),
        workload[cluster],
    ).astype(np.int8)
    median_nodes = np.array([workload.median_nodes for workload in constants.workloads])[resource_workload]
    nodes = np.rint(median_nodes * rng.lognormal(0.0, constants.node_count_sigma, len(cluster)))

    return Fleet(
        constants=constants,
        regions=regions,
        provider_of_region=provider_of_region,
        region=region,
        workload=workload,
        channel=channel,
        weekend_window=(channel != CHANNEL_NONE) & (rng.random(count) < constants.weekend_window_ratio),
        window_hour=(rng.integers(20, 30, count) - offset) % 24,  # 20:00 to 05:59 local time
        working_hour=(8 - offset) % 24,
        minors_behind=rng.choice(len(constants.minors_behind), size=count, p=_normalised(constants.minors_behind)).astype(
            np.int8
        ),
        patience_days=rng.integers(0, constants.patience_days, count).astype(np.int16),
        api_features=np.where(
            rng.random(count) < constants.api_feature_ratio,
            rng.integers(1, len(constants.api_features) + 1, count),
            0,
        ).astype(np.int8),
        is_listed=rng.random(count) >= constants.unlisted_ratio,
        control_plane=control_plane,
        cluster=cluster,
        position=position,
        resource_workload=resource_workload,
        node_count=np.clip(nodes, 1, constants.most_nodes).astype(np.int32),
        in_own_words=in_own_words,
    )


def write_inventory(fleet: Fleet, path: Path, *, first_day: date, rng: np.random.Generator) -> None:
    """Writes `clusters.csv` in the home's format: clusters, then the pools that differ from their cluster.

    A few clusters are missing, and a few changed their workload some months before `first_day`: they have a
    row that ended then and one that began, so that nothing about the simulated days depends on it.
    """
    relabelled_at = (first_day - timedelta(days=90)).isoformat()
    listed = np.flatnonzero(fleet.is_listed)
    relabelled = rng.random(len(listed)) < fleet.constants.relabelled_ratio
    earlier = listed[relabelled]
    differs = (fleet.resource_workload != fleet.workload[fleet.cluster]) & fleet.is_listed[fleet.cluster]
    pools = np.flatnonzero(differs)
    other_workload = (fleet.workload[earlier] + 1) % len(fleet.workloads)

    clusters = np.concatenate([listed, earlier, fleet.cluster[pools]])
    workloads = np.concatenate([fleet.workload[listed], other_workload, fleet.resource_workload[pools]])
    positions = np.concatenate([np.zeros(len(listed) + len(earlier), np.int8), fleet.position[pools]])
    periods = {
        "valid_from": np.concatenate([relabelled, np.zeros(len(earlier) + len(pools), bool)]),
        "valid_to": np.concatenate([np.zeros(len(listed)), np.ones(len(earlier)), np.zeros(len(pools))]) > 0,
    }
    region = fleet.region[clusters]
    provider = fleet.provider_of_region[region]
    pool_names = [["", *provider.node_pools] for provider in fleet.providers]
    pool_code = provider * len(pool_names[0]) + positions
    frame = pl.select(
        fleet.cluster_ids(clusters).alias("cluster_id"),
        pl.Series("node_pool", [name for names in pool_names for name in names]).gather(pool_code),
        pl.Series("region", [region.name for region in fleet.regions]).gather(region),
        pl.Series("workload_type", [workload.name for workload in fleet.workloads]).gather(workloads),
        pl.Series("provider", [provider.name for provider in fleet.providers]).gather(provider),
        *(pl.Series(name, ["", relabelled_at]).gather(dated.astype(np.int64)) for name, dated in periods.items()),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_csv(path, quote_style="never")


def _normalised(shares: npt.ArrayLike) -> Floats:
    array = np.asarray(shares, dtype=np.float64)
    normalised: Floats = array / array.sum()
    return normalised
