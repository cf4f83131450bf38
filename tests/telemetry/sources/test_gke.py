"""Paths arrive as links and as relative paths, of zonal and regional clusters, with project ids and project numbers."""

from datetime import datetime

import pytest

from assets.telemetry.sources import gke

AT = datetime.fromisoformat("2026-03-01T10:00:00")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            "https://container.googleapis.com/v1/projects/123/locations/us-central1/clusters/c1",
            ("projects/123/locations/us-central1/clusters/c1", "us-central1", None),
            id="a link to a cluster",
        ),
        pytest.param(
            "https://container.googleapis.com/v1beta1/projects/my-project/zones/us-central1-c/clusters/c1/nodePools/np1",
            ("projects/my-project/locations/us-central1-c/clusters/c1", "us-central1-c", "np1"),
            id="a link to a pool of a cluster in a zone",
        ),
        pytest.param(
            "projects/123/regions/europe-west2/clusters/c1/nodePools/np1/",
            ("projects/123/locations/europe-west2/clusters/c1", "europe-west2", "np1"),
            id="a relative path with a slash at its end",
        ),
        pytest.param(
            "//container.googleapis.com/projects/example.com:old/locations/us-east1/clusters/c1",
            ("projects/example.com:old/locations/us-east1/clusters/c1", "us-east1", None),
            id="a full resource name, of a project in a domain",
        ),
    ],
)
def test_a_path_names_a_cluster_and_perhaps_a_pool(path, expected):
    resource = gke.resource(path)
    assert resource is not None
    assert (resource.cluster_id, resource.location, resource.node_pool) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "c1",
        "projects/123/locations/us-central1",
        "projects//locations/us-central1/clusters/c1",
        "projects/123/locations/us-central1/clusters/",
        "projects/123/locations/us-central1/clusters/c1/nodePools/",
        "projects/123/locations/us-central1/clusters/c1/wellKnown/x",
        "myprojects/123/locations/us-central1/clusters/c1",
        "https://www.googleapis.com/compute/v1/projects/123/zones/us-central1-a/instances/vm1",
    ],
)
def test_a_path_of_something_else_names_no_cluster(path):
    assert gke.resource(path) is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("us-central1", "us-central1", id="a region is itself"),
        pytest.param("us-central1-c", "us-central1", id="a zone is in its region"),
        pytest.param("US-Central1-C", "us-central1", id="in any case"),
        pytest.param("northamerica-northeast2-a", "northamerica-northeast2", id="of any length"),
        pytest.param("us-central1-1", "us-central1-1", id="a digit is no zone"),
        pytest.param("-a", "-a", id="a zone of nothing is nothing else"),
        pytest.param("a", "a", id="a letter alone is no zone"),
    ],
)
def test_a_location_is_a_region_or_a_zone_of_one(location, expected):
    assert gke.region(location) == expected


def test_an_operation_is_known_by_its_location_and_name():
    assert gke.named_operation("us-central1", "operation-1").startswith("gke:")
    assert gke.named_operation("us-central1", "operation-1") != gke.named_operation("us-east1", "operation-1")


def test_an_upgrade_without_an_operation_is_known_by_resource_version_and_moment():
    pool = gke.Resource("projects/123/locations/l/clusters/c1", "l", "np1")
    known = gke.unnamed_operation(pool, to_version="1.31.2-gke.1", moment=AT)
    assert known.startswith("gke_details:")
    others = {
        gke.unnamed_operation(gke.Resource(pool.cluster_id, "l", None), to_version="1.31.2-gke.1", moment=AT),
        gke.unnamed_operation(gke.Resource("another", "l", "np1"), to_version="1.31.2-gke.1", moment=AT),
        gke.unnamed_operation(pool, to_version=None, moment=AT),
        gke.unnamed_operation(pool, to_version="1.31.2-gke.1", moment=AT.replace(microsecond=1)),
    }
    assert len(others | {known}) == 5
