"""Releases: real-looking versions on a synthetic calendar, ring after ring."""

import re
from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest

from assets.simulation.fleet import build_fleet
from assets.simulation.incidents import read_plan
from assets.simulation.releases import build_catalogue, kubernetes_minor

END = date(2026, 11, 20)
DAYS = 60


@pytest.fixture(scope="module")
def fleet():
    return build_fleet(operations_per_day=100, rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def catalogue(fleet):
    plan = read_plan()
    return build_catalogue(
        fleet,
        end=END,
        days=DAYS,
        regressed=plan.regressed_release(days=DAYS),
        security=plan.security_release(days=DAYS),
    )


@pytest.mark.parametrize(
    ("day", "minor"),
    [
        pytest.param(date(2024, 4, 17), 30, id="1.30 came in April 2024"),
        pytest.param(date(2024, 12, 11), 32, id="1.32 came in December 2024"),
        pytest.param(date(2025, 3, 31), 32, id="and was the newest until the next April"),
        pytest.param(date(2025, 8, 27), 34, id="1.34 came in August 2025"),
        pytest.param(date(2014, 6, 6), 20, id="long before, the numbers stop falling"),
    ],
)
def test_the_newest_minor_release_follows_the_real_calendar(day, minor):
    assert kubernetes_minor(day) == minor


def test_providers_write_versions_in_their_own_way_and_never_twice(catalogue, fleet):
    patterns = {
        "aks": r"1\.\d+\.\d+|AKSUbuntu-2204gen2containerd-\d{6}\.\d{2}\.0",
        "gke": r"1\.\d+\.\d+-gke\.\d{7}",
        "eks": r"1\.\d+\.\d+-eks-[0-9a-f]{7}|al2023-x86_64-standard-v\d{8}",
        "openshift": r"4\.\d+\.\d+",
    }
    for code, version in enumerate(catalogue.versions):
        provider = fleet.providers[catalogue.provider[code]].name
        assert re.fullmatch(patterns[provider], version), version
    assert len(set(catalogue.versions)) == len(catalogue.versions)


def test_greater_codes_are_newer_versions(catalogue):
    for provider in range(4):
        builds = np.flatnonzero((catalogue.provider == provider) & (catalogue.minor >= 0))
        numbers = [tuple(map(int, re.findall(r"\d+", catalogue.versions[code])[:3])) for code in builds]
        assert numbers == sorted(numbers)


def test_three_minor_releases_a_year_are_four_months_apart(catalogue):
    canary_days = catalogue.minor_available[:, 0]
    assert set(np.diff(canary_days)) == {122}
    assert canary_days[-1] == DAYS - 1 - 40


def test_a_build_reaches_the_canary_first_and_the_last_ring_a_week_later(catalogue):
    ordinary = (catalogue.minor >= 0) & ~catalogue.is_security
    delays = catalogue.available[ordinary] - catalogue.available[ordinary, :1]
    assert {tuple(row) for row in delays} == {(0, 2, 4, 7)}


def test_a_security_build_reaches_every_ring_within_a_day(catalogue):
    security = catalogue.available[catalogue.is_security]
    assert {tuple(row - row[0]) for row in security} == {(0, 0, 1, 1)}
    assert set(security[:, 0]) == {DAYS - 1 - 16}
    # One per minor release that the provider supports: released less than 450 days before.
    assert len(security) == 4


def test_nothing_is_published_between_the_regressed_build_and_its_fix(catalogue):
    assert catalogue.fix == catalogue.regressed + 1
    assert catalogue.available[catalogue.regressed, 0] == DAYS - 1 - 24
    assert catalogue.available[catalogue.fix, 0] == DAYS - 1 - 6


def test_a_region_offers_the_newest_build_that_has_reached_its_ring(catalogue, fleet):
    aks = [code for code, provider in enumerate(fleet.provider_of_region) if fleet.providers[provider].name == "aks"]
    minor = catalogue.minor[catalogue.regressed]
    for region in aks:
        arrives = catalogue.available[catalogue.regressed, fleet.regions[region].ring]
        assert catalogue.offer(arrives - 1).builds[region, minor] == catalogue.regressed - 1
        assert catalogue.offer(arrives).builds[region, minor] == catalogue.regressed


def test_nobody_is_upgraded_to_a_build_before_it_reaches_the_ring(home):
    incident = home.incident("release_regression")
    offered_from = incident["offered_from"]
    [version] = incident["slice"]["to_version"]
    first = defaultdict(lambda: date.max)
    for operation in home.operations.values():
        if operation.attributes.get("to_version") == version and "region" in operation.attributes:
            region = operation.attributes["region"]
            first[region] = min(first[region], operation.day)
    assert all(first[region].isoformat() >= day for region, day in offered_from.items())
    # Ring by ring: the canary two days before northeurope, which is two days before westeurope, three before eastus2.
    assert first["westcentralus"] < first["northeurope"] < first["westeurope"] < first["eastus2"]


def test_the_mix_of_regions_shifts_while_a_build_rolls_out(home):
    [version] = home.incident("release_regression")["slice"]["to_version"]
    released = date(2026, 11, 20) - timedelta(days=24)
    canary, last_ring = {"westcentralus"}, {"eastus2", "japaneast", "brazilsouth"}
    taken = [op for op in home.operations.values() if op.attributes.get("to_version") == version]
    early = [op.attributes.get("region") for op in taken if op.day < released + timedelta(days=2)]
    late = [op.attributes.get("region") for op in taken if op.day >= released + timedelta(days=8)]
    assert set(early) - {None} == canary
    assert sum(region in last_ring for region in late) > 0.1 * len(late)
