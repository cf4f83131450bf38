"""One spelling for the ids of clusters and pools, however Azure wrote them."""

import pytest

from assets.telemetry.sources.arm import Resource, resource

CLUSTER = "/subscriptions/5ab1/resourcegroups/rg-shop/providers/microsoft.containerservice/managedclusters/shop"
AKS = "microsoft.containerservice"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(CLUSTER, id="lower case stays"),
        pytest.param(CLUSTER.upper(), id="the upper case of exports is lowered"),
        pytest.param(
            "/subscriptions/5ab1/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/shop",
            id="the mixed case of the portal is lowered",
        ),
        pytest.param(f"{CLUSTER}/", id="a trailing slash is dropped"),
        pytest.param(f"  {CLUSTER} \n", id="blanks around the id are dropped"),
        pytest.param(f" {CLUSTER}// ", id="blanks and slashes are dropped together"),
    ],
)
def test_every_spelling_of_a_cluster_is_the_same_resource(path):
    assert resource(path) == Resource(cluster_id=CLUSTER, node_pool=None, provider_namespace=AKS)


@pytest.mark.parametrize(
    ("inner", "node_pool"),
    [
        pytest.param("/agentPools/Blue", "blue", id="a pool is named after its segment"),
        pytest.param("/AGENTPOOLS/BLUE/UPGRADEPROFILES/DEFAULT", "blue", id="what belongs to a pool names the pool"),
        pytest.param("/agentPools/", None, id="the list of pools is none of them"),
        pytest.param("/agentPools//x", None, id="a pool without a name is none"),
        pytest.param("/maintenanceConfigurations/default", None, id="other resources of a cluster name no pool"),
    ],
)
def test_a_pool_belongs_to_the_cluster_before_it(inner, node_pool):
    assert resource(CLUSTER + inner) == Resource(cluster_id=CLUSTER, node_pool=node_pool, provider_namespace=AKS)


def test_an_extension_of_a_cluster_belongs_to_its_own_provider():
    setting = resource(f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/all")
    assert setting == Resource(cluster_id=CLUSTER, node_pool=None, provider_namespace="microsoft.insights")


def test_a_resource_group_may_be_called_like_a_segment():
    path = "/subscriptions/5ab1/resourceGroups/managedClusters/providers/Microsoft.ContainerService/managedClusters/shop"
    assert resource(path).cluster_id == path.lower()


def test_a_subscription_that_is_no_guid_is_taken_as_it_is():
    path = "/subscriptions/{subscription-id}/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/{cluster}"
    assert resource(path).cluster_id == path


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="blanks"),
        pytest.param("/subscriptions/5ab1", id="a subscription"),
        pytest.param("/subscriptions/5ab1/resourcegroups/rg/providers/microsoft.containerservice", id="a provider"),
        pytest.param("/subscriptions/5ab1/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/", id="no name"),
        pytest.param(
            "/subscriptions/5ab1/resourcegroups/rg/providers/microsoft.servicefabric/managedclusters/x", id="Service Fabric"
        ),
        pytest.param("/subscriptions/5ab1/resourcegroups/rg/providers/microsoft.containerservice/fleets/f", id="a fleet"),
        pytest.param("/subscriptions/5ab1/resourcegroups/rg/providers/microsoft.kubernetes/connectedclusters/x", id="Arc"),
    ],
)
def test_an_id_that_names_no_managed_cluster_is_no_resource(path):
    assert resource(path) is None
