"""The fleet and its inventory: clusters of every kind, listed as the home's format has it."""

import csv
import re
from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pytest

from assets.simulation.fleet import build_fleet, write_inventory


@pytest.fixture(scope="module")
def fleet():
    return build_fleet(operations_per_day=1000, rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def inventory(fleet, tmp_path_factory):
    path = tmp_path_factory.mktemp("inventory") / "clusters.csv"
    write_inventory(fleet, path, first_day=date(2026, 9, 22), rng=np.random.default_rng(8))
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_fleet_grows_with_its_operations_and_has_a_smallest_size():
    sizes = [build_fleet(operations_per_day=count, rng=np.random.default_rng(7)).cluster_count for count in (1, 8, 9, 1000)]
    assert sizes == [24, 24, 27, 3000]


def test_resources_are_a_control_plane_and_its_pools_for_every_cluster(fleet):
    assert (fleet.position[fleet.control_plane] == 0).all()
    assert (fleet.cluster[fleet.control_plane] == np.arange(fleet.cluster_count)).all()
    pools = Counter(fleet.cluster[fleet.position > 0].tolist())
    assert set(pools) == set(range(fleet.cluster_count))
    assert set(pools.values()) == {1, 2, 3, 4, 5}


def test_every_region_belongs_to_one_provider_and_has_a_ring_and_each_provider_has_a_canary(fleet):
    assert len({region.name for region in fleet.regions}) == len(fleet.regions)
    for provider in fleet.providers:
        assert {region.ring for region in provider.regions} == {0, 1, 2, 3}
        assert sum(region.share for region in provider.regions) == pytest.approx(1)


def test_maintenance_windows_open_in_the_evening_or_at_night_where_the_cluster_is(fleet):
    offset = np.array([region.utc_offset_hours for region in fleet.regions])[fleet.region]
    local = (fleet.window_hour + offset) % 24
    assert set(local.tolist()) == {20, 21, 22, 23, 0, 1, 2, 3, 4, 5}


def test_the_inventory_has_the_columns_of_the_home(inventory):
    assert list(inventory[0]) == [
        "cluster_id", "node_pool", "region", "workload_type", "provider", "valid_from", "valid_to",
    ]  # fmt: skip


def test_the_inventory_lists_nearly_every_cluster_and_the_pools_that_serve_something_else(inventory, fleet):
    clusters = {row["cluster_id"]: row for row in inventory if not row["node_pool"] and not row["valid_to"]}
    pools = [row for row in inventory if row["node_pool"]]
    assert len(clusters) == fleet.is_listed.sum()
    assert 0.98 < len(clusters) / fleet.cluster_count < 1
    assert pools
    assert all(row["workload_type"] != clusters[row["cluster_id"]]["workload_type"] for row in pools)
    assert all(row["cluster_id"].startswith(f"{row['provider']}-{row['region']}-") for row in inventory)


def test_relabelled_clusters_have_two_rows_that_meet_before_the_first_day(inventory):
    periods = defaultdict(list)
    for row in inventory:
        if not row["node_pool"]:
            periods[row["cluster_id"]].append((row["valid_from"], row["valid_to"]))
    relabelled = [sorted(of_one) for of_one in periods.values() if len(of_one) > 1]
    assert relabelled
    assert {tuple(of_one) for of_one in relabelled} == {(("", "2026-06-24"), ("2026-06-24", ""))}


@pytest.mark.parametrize(
    ("provider", "shape"),
    [
        pytest.param(
            "aks",
            r"/subscriptions/[0-9a-f-]{{36}}/resourcegroups/rg-\w+/providers/microsoft\.containerservice/managedclusters/aks-\w+-{n}",
            id="an ARM id in lower case",
        ),
        pytest.param("gke", r"projects/[\w-]+/locations/[\w-]+/clusters/gke-[\w-]+-{n}", id="a path"),
        pytest.param("eks", r"arn:aws:eks:[\w-]+:\d{{12}}:cluster/eks-[\w-]+-{n}", id="an ARN"),
        pytest.param("openshift", r"[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-{n:012}", id="a GUID"),
    ],
)
def test_the_clusters_of_one_provider_can_be_called_what_it_calls_them(provider, shape):
    fleet = build_fleet(operations_per_day=50, rng=np.random.default_rng(7), in_own_words=provider)
    providers = [fleet.providers[fleet.provider_of_region[region]].name for region in fleet.region]
    ids = fleet.cluster_ids(np.arange(fleet.cluster_count)).to_list()
    assert provider in providers
    for number, (of, cluster_id) in enumerate(zip(providers, ids, strict=True)):
        pattern = shape.format(n=number) if of == provider else rf"{of}-[\w-]+-{number}"
        assert re.fullmatch(pattern, cluster_id), cluster_id


def test_events_and_inventory_speak_of_the_same_clusters(home):
    with (home.folder / "inventory" / "clusters.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    listed = {row["cluster_id"]: row for row in rows if not row["node_pool"] and not row["valid_to"]}
    pools = {(row["cluster_id"], row["node_pool"]): row for row in rows if row["node_pool"]}
    unlisted = 0
    for _, event in home.events:
        data = event["data"]
        if data["cluster_id"] not in listed:
            unlisted += 1
            continue
        cluster = listed[data["cluster_id"]]
        row = pools.get((data["cluster_id"], data.get("node_pool")), cluster)
        for name in ("region", "provider", "workload_type"):
            assert data.get(name) in (None, "", row[name])
    assert 0 < unlisted / len(home.events) < 0.02
