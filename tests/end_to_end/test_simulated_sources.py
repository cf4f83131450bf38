"""The same simulated fleet as canonical events and in the format of each provider: after the fold, the same operations."""

import csv
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assets.telemetry.intake import take_in
from assets.telemetry.inventory import load_inventory
from assets.telemetry.sources import SOURCES
from assets.upgrades.fold import fold
from tests.data.whole_home import WholeHome, home_at
from tests.simulation.deliveries import malformed_lines
from tests.simulation.provider_homes import END, LOSSES, SETTLED, as_told, cluster_number, simulated

FACTS = (
    "operation_id", "cluster_id", "scope", "node_pool", "provider", "region", "workload_type", "from_version", "to_version",
    "state", "started_at", "finished_at", "day", "error_category",
)  # fmt: skip


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """The home of a source with the tables of the last day."""
    return cache(lambda source: fold_home(simulated(tmp_path_factory.mktemp(source), source)))


def fold_home(folder: Path) -> WholeHome:
    whole = home_at(folder)
    with whole.warehouse.connection() as db:
        take_in(db, whole.home.landing, upto=END, scratch=whole.home.scratch)
    with whole.warehouse.transaction() as db:
        inventory_sha256 = load_inventory(db, whole.home.inventory)
    with whole.warehouse.connection() as db:
        fold(db, day=END, inventory_sha256=inventory_sha256)
    return whole


def query(whole: WholeHome, statement: str) -> list[tuple[Any, ...]]:
    with whole.warehouse.connection() as db:
        return db.execute(statement).fetchall()


def settled_operations(whole: WholeHome) -> list[dict[str, Any]]:
    """The operations of which everything has been delivered."""
    rows = query(whole, f"SELECT {', '.join(FACTS)} FROM upgrades.operations WHERE day < DATE '{SETTLED:%Y-%m-%d}'")
    return [dict(zip(FACTS, row, strict=True)) for row in rows]


def is_canonical(operation: dict[str, Any]) -> bool:
    return operation["operation_id"].startswith("op-")


def key_of(operation: dict[str, Any]) -> tuple[Any, ...]:
    """Cluster, resource, and the second of the start, else of the end, else the day of the plan."""
    moment = operation["started_at"] or operation["finished_at"] or operation["day"]
    if isinstance(moment, datetime):
        moment = moment.replace(microsecond=0)
    return cluster_number(operation["cluster_id"]), operation["scope"], operation["node_pool"], moment


def listed(whole: WholeHome) -> dict[tuple[int, str], dict[str, str]]:
    """The rows of the inventory that still hold, by cluster and pool; the pool of a cluster's own row is empty."""
    with (whole.home.inventory / "clusters.csv").open(newline="") as file:
        return {(cluster_number(row["cluster_id"]), row["node_pool"]): row for row in csv.DictReader(file) if not row["valid_to"]}


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_a_fleet_in_a_providers_format_has_the_same_operations(folded, source):
    ours = settled_operations(folded(source))
    left = {operation["operation_id"] for operation in ours if is_canonical(operation)}
    inventory = listed(folded(source))
    expected = {}
    for operation in settled_operations(folded("canonical")):
        if operation["operation_id"] not in left:
            told = as_told(source, operation)
            told |= from_inventory(source, told, inventory)
            expected[key_of(told)] = told
    found = {key_of(operation): operation for operation in ours if not is_canonical(operation)}
    assert len(expected) > 10
    assert set(found) == set(expected)
    assert len(found) == len(ours) - len(left)
    for key, told in expected.items():
        assert differences(source, told, found[key]) == {}, key


def from_inventory(source: str, told: dict[str, Any], inventory: dict[tuple[int, str], dict[str, str]]) -> dict[str, str]:
    """Workload type and region of an operation: no format has the one, and some not the other."""
    number = cluster_number(told["cluster_id"])
    row = inventory.get((number, told["node_pool"] or "")) or inventory.get((number, "")) or {}
    is_known = LOSSES[source].names_region or row
    return {"workload_type": row.get("workload_type", "unknown"), "region": told["region"] if is_known else "unknown"}


def differences(source: str, told: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is told and found of the facts that are not equal; a format may know what no canonical event did."""
    losses = LOSSES[source]
    compared = ["scope", "node_pool", "workload_type", "error_category", "state", "finished_at"]
    compared += [name for name in ("from_version", "to_version") if told.get(name)]
    compared += [name for name in ("provider", "region") if told[name] != "unknown"]
    unequal = {name: (told[name], found[name]) for name in compared if name in told and told[name] != found[name]}
    if losses.may_overtake and unequal.get("state") == ("running", "superseded"):
        return {name: values for name, values in unequal.items() if name not in ("state", "finished_at")}
    if told["finished_at"] and found["finished_at"]:
        later = found["finished_at"].replace(microsecond=0) - told["finished_at"].replace(microsecond=0)
        if timedelta(0) <= later <= losses.ends_within:
            unequal.pop("finished_at", None)
    return unequal


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_rest_of_the_fleet_is_as_it_always_was(folded, source):
    everything = {operation["operation_id"]: operation for operation in settled_operations(folded("canonical"))}
    for operation in settled_operations(folded(source)):
        if is_canonical(operation):
            before = everything[operation["operation_id"]]
            changed = {name for name in FACTS if operation[name] != before[name]}
            assert changed <= {"cluster_id", "from_version"}  # a version carried over from what the format does not tell it of


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_exactly_the_planted_lines_are_refused(folded, source):
    whole = folded(source)
    refused = query(whole, "SELECT path, line, reason FROM telemetry.quarantine")
    assert {(path, line): reason for path, line, reason in refused} == malformed_lines(whole.home.root)
