"""Users of API features against all others: which operations are in which group, and findings among the groups."""

import polars as pl
import pytest

from assets.health.api_use import ANY_BETA, COUNTS, FEATURE, REMOVED, compare, read_api_use
from tests.data.small_home import day, event

PDB, CRON, STABLE = "policy/v1beta1/PodDisruptionBudget", "batch/v1beta1/CronJob", "batch/v1/CronJob"
SCHEMA = {"features": pl.List(pl.String), "to_minor": pl.String, "bad": pl.Int64, "total": pl.Int64}
REMOVED_IN = {PDB: 25, CRON: 25}


def groups(*rows, removed_in=REMOVED_IN):
    """Counts by the group's kind and feature; a row is (features, minor, bad, total)."""
    found = compare(pl.DataFrame(rows, schema=SCHEMA, orient="row"), removed_in=removed_in)
    return {(row["kind"], row["feature"]): tuple(row[name] for name in COUNTS) for row in found.iter_rows(named=True)}


def test_users_of_a_feature_are_compared_with_everybody_else():
    found = groups(([], "1.31", 10, 1000), ([PDB], "1.31", 5, 50), ([PDB, STABLE], "1.30", 2, 20))
    assert found[FEATURE, PDB] == (7, 70, 10, 1000)
    assert found[FEATURE, STABLE] == (2, 20, 15, 1050)


def test_an_operation_that_names_a_feature_twice_counts_once():
    assert groups(([PDB, PDB], "1.31", 1, 4), ([], "1.31", 0, 6))[FEATURE, PDB] == (1, 4, 0, 6)


@pytest.mark.parametrize(
    ("feature", "is_beta"),
    [
        (PDB, True), ("autoscaling/v2beta2/HorizontalPodAutoscaler", True), ("apps.example.org/v1alpha12/Thing", True),
        ("v1beta1/Thing", True), (STABLE, False), ("apps/v10/Deployment", False), ("beta.example.org/v1/Thing", False),
        ("apps/v1/beta1", False), ("", False),
    ],
)  # fmt: skip
def test_an_api_is_beta_by_its_version_alone(feature, is_beta):
    assert ((ANY_BETA, None) in groups(([feature], "1.31", 1, 9), ([], "1.31", 1, 9))) is is_beta


@pytest.mark.parametrize(
    ("minor", "is_gone"),
    [("1.24", False), ("1.25", True), ("1.31", True), ("1.9", False), (None, False), ("4.18", False)],
)
def test_an_api_is_gone_from_the_minor_on_that_removes_it(minor, is_gone):
    assert ((REMOVED, None) in groups(([PDB], minor, 1, 9), ([], "1.31", 1, 9))) is is_gone


def test_upgrades_to_what_is_no_minor_of_kubernetes_are_not_compared_by_what_is_gone():
    found = groups(
        ([PDB], "1.31", 3, 30), ([PDB], "1.24", 1, 10), ([], "1.31", 4, 400), ([], "4.18", 8, 80), ([PDB], None, 2, 20)
    )
    assert found[REMOVED, None] == (3, 30, 5, 410)
    assert found[ANY_BETA, None] == (6, 60, 12, 480)


def test_classes_stand_first_and_features_that_chance_explains_least_next():
    rows = [([PDB], "1.31", 30, 60), ([CRON], "1.31", 2, 60), ([STABLE], "1.31", 3, 60), ([], "1.31", 100, 5000)]
    found = compare(pl.DataFrame(rows, schema=SCHEMA, orient="row"), removed_in=REMOVED_IN)
    assert found["kind"].to_list()[2:] == [FEATURE] * 3
    assert found["feature"].to_list()[2:] == [PDB, STABLE, CRON]
    assert found.filter("is_finding")["feature"].drop_nulls().to_list() == [PDB]


def test_findings_share_one_list_so_that_more_features_make_each_less_sure():
    # One of 40 against 1 of 4,000: by itself the chance is about 1 in 50, in a list of a hundred it is no finding.
    alone = [(["a/v1/K"], "1.31", 1, 40), ([], "1.31", 1, 4000)]
    many = [([f"a/v1/K{number}"], "1.31", 1, 40) for number in range(100)]
    judged = [compare(pl.DataFrame(rows, schema=SCHEMA, orient="row"), removed_in={}) for rows in (alone, alone + many)]
    assert judged[0]["is_finding"].to_list() == [True]
    assert not judged[1].filter(pl.col("feature") == "a/v1/K")["is_finding"].any()


def test_nobody_using_anything_leaves_nothing_to_compare():
    assert groups() == {}
    assert groups(([], "1.31", 1, 9)) == {}


def test_decided_operations_of_the_last_days_are_read_once_per_set_of_features(tmp_path):
    from tests.data.small_home import small_home

    with small_home(tmp_path) as home:
        common = {"to_version": "1.31.2", "provider": "aks", "api_features": [PDB]}
        home.deliver(
            "2026-11-20",
            event("started", "2026-11-20 08:00", operation="good", **common),
            event("succeeded", "2026-11-20 09:00", operation="good"),
            event("started", "2026-11-20 08:00", operation="bad", cluster="d", **common),
            event("failed", "2026-11-20 09:00", operation="bad", cluster="d"),
            event("started", "2026-11-20 08:00", operation="runs", cluster="e", **common),
            event("started", "2026-11-20 08:00", operation="plain", cluster="f", to_version="4.18.1"),
            event("succeeded", "2026-11-20 09:00", operation="plain", cluster="f", observed_version="4.18.0"),
            event("started", "2026-11-18 08:00", operation="old", cluster="g", **common),
            event("succeeded", "2026-11-18 09:00", operation="old", cluster="g"),
        )
        home.take_in("2026-11-20")
        home.fold("2026-11-20")
        use = read_api_use(home.db, day=day("2026-11-20"), first_day=day("2026-11-19"))
    assert sorted(use.rows()) == [([], "4.18", 1, 1), ([PDB], "1.31", 1, 2)]
