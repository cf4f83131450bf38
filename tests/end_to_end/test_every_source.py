"""One delivery of every source at once: each speaks of an upgrade in its own words, and all become operations of one kind.

Two sources tell of the upgrade of a pool on AKS, two of one on GKE; what must never be stored is marked in every delivery.
"""

import base64
import json
from datetime import date, datetime
from typing import Any

import pytest

from assets.telemetry.landing import known_sources
from quality.suites import operations as operations_suite
from tests.data.whole_home import WholeHome, bytes_under, lines_of, new_home

DAY = date(2026, 11, 20)
MARKER = "marker7f3a"

SHOP = "/subscriptions/0000/resourceGroups/RG1/providers/Microsoft.ContainerService/managedClusters/Shop"
BANK = "/subscriptions/0000/resourceGroups/rg1/providers/Microsoft.ContainerService/managedClusters/bank"
GKE = "projects/123/locations/europe-west1/clusters/c1"
EKS = "arn:aws:eks:eu-west-1:111122223333:cluster/c1"

Row = dict[str, Any]


def activity(minute: str, status: str, correlation: str, version: str | None = None) -> Row:
    """A write of the pool np1, as an Event Hub has it."""
    body = {"properties": {"orchestratorVersion": version, "adminPassword": MARKER}} if version else {}
    return {
        "time": f"2026-11-20T{minute}:00.1234567Z",
        "resourceId": f"{SHOP}/agentPools/np1".upper(),
        "operationName": "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AGENTPOOLS/WRITE",
        "category": "Administrative",
        "resultType": status,
        "correlationId": correlation,
        "callerIpAddress": "203.0.113.7",
        "identity": {"claims": {"name": MARKER, "upn": f"{MARKER}@example.com"}},
        "caller": f"{MARKER}@example.com",
        "properties": {"requestbody": json.dumps(body)} if body else {},
    }


def rolled(type_: str, time: str) -> Row:
    return {
        "source": SHOP,
        "subject": "Shop",
        "type": f"Microsoft.ContainerService.NodePoolRolling{type_}",
        "time": f"2026-11-20T{time}.0000000Z",
        "id": "same-on-both",
        "data": {"nodePoolName": "np1"},
        "specversion": "1.0",
    }


FLEET_RUN = {
    "id": "/subscriptions/0000/resourceGroups/rg1/providers/Microsoft.ContainerService/fleets/f1/updateRuns/run-7",
    "properties": {
        "managedClusterUpdate": {"upgrade": {"type": "Full", "kubernetesVersion": "1.31.2"}},
        "status": {
            "status": {"state": "Failed"},
            "stages": [
                {
                    "name": "canary",
                    "groups": [
                        {
                            "name": "g1",
                            "members": [
                                {
                                    "name": "bank",
                                    "clusterResourceId": BANK,
                                    "operationId": "11aa",
                                    "status": {
                                        "state": "Failed",
                                        "startTime": "2026-11-20T09:00:00.51815878Z",
                                        "completedTime": "2026-11-20T09:10:00.5Z",
                                        "error": {
                                            "code": "QuotaExceeded",
                                            "message": f"ask {MARKER}@example.com from 203.0.113.7",
                                        },
                                    },
                                }
                            ],
                        }
                    ],
                }
            ],
        },
    },
}

GKE_OPERATION = {
    "name": "operation-1763636400000-cac0f69e",
    "operationType": "UPGRADE_NODES",
    "status": "DONE",
    "location": "europe-west1",
    "user": MARKER,
    "startTime": "2026-11-20T11:00:00.5Z",
    "endTime": "2026-11-20T11:20:00.5Z",
    "targetLink": f"https://container.googleapis.com/v1/{GKE}/nodePools/np1",
}
GKE_NOTIFICATION = {
    "message": {
        "data": base64.b64encode(b"pool np1").decode(),
        "publishTime": "2026-11-20T11:00:03Z",
        "attributes": {
            "project_id": "123",
            "cluster_location": "europe-west1",
            "cluster_name": "c1",
            "type_url": "type.googleapis.com/google.container.v1beta1.UpgradeEvent",
            "payload": json.dumps(
                {
                    "resourceType": "NODE_POOL",
                    "operation": GKE_OPERATION["name"],
                    "operationStartTime": "2026-11-20T11:00:00.5Z",
                    "currentVersion": "1.30.5-gke.1014001",
                    "targetVersion": "1.31.1-gke.2105000",
                    "resource": f"{GKE}/nodePools/np1",
                }
            ),
        },
    },
    "subscription": "projects/123/subscriptions/s",
}


def eks(collected: str, status: str, **more: Any) -> Row:
    return {
        "collected_at": f"2026-11-20T{collected}:00Z",
        "account_id": "111122223333",
        "region": "eu-west-1",
        "cluster_name": "c1",
        "nodegroup_name": "ng1",
        "update": {
            "id": "u-1",
            "status": status,
            "type": "VersionUpdate",
            "createdAt": 1795165200.25,  # 2026-11-20T09:00:00.25Z
            "params": [{"type": "Version", "value": "1.31"}],
            **more,
        },
    }


EKS_FAILED = eks(
    "09:40",
    "Failed",
    errors=[
        {
            "errorCode": "PodEvictionFailure",
            "errorMessage": "Reached max retries",
            "resourceIds": [f"ip-10-0-0-1.{MARKER}.internal"],
        }
    ],
)


def history(version: str, started: str, completed: str) -> Row:
    return {"state": "Completed", "version": version, "startedTime": f"{started}Z", "completionTime": f"{completed}Z"}


CLUSTER_VERSION = {
    "apiVersion": "config.openshift.io/v1",
    "kind": "ClusterVersion",
    "metadata": {"name": "version", "managedFields": [{"manager": MARKER}]},
    "spec": {"clusterID": "os-1"},
    "status": {
        "history": [
            history("4.16.3", "2026-11-20T07:00:00", "2026-11-20T08:00:00"),
            history("4.16.2", "2026-01-01T07:00:00", "2026-01-01T08:00:00"),
        ]
    },
}
INFRASTRUCTURE = {
    "kind": "Infrastructure",
    "clusterID": "os-1",
    "status": {"platformStatus": {"type": "AWS", "aws": {"region": "us-east-2"}}},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    whole = new_home(tmp_path_factory.mktemp("every") / "home")
    whole.deliver(DAY, *lines_of("canonical-1", datetime(2026, 11, 20, 6)))  # noqa: DTZ001 - naive UTC
    log = [
        activity("08:00", "Start", "before", "1.30.4"), activity("08:01", "Success", "before"),
        activity("10:00", "Start", "upgrade", "1.31.2"), activity("10:31", "Success", "upgrade"),
        activity("12:00", "Start", "tags", "1.31.2"), activity("12:01", "Success", "tags"),
    ]  # fmt: skip
    refused = {**activity("13:00", "Start", "x"), "time": "yesterday"}
    whole.deliver(DAY, json.dumps({"records": log}), json.dumps(refused), source="azure_activity_log")
    whole.deliver(DAY, json.dumps([rolled("Succeeded", "10:30:00"), rolled("Started", "10:02:00")]), source="aks_event_grid")
    whole.deliver(DAY, json.dumps(FLEET_RUN), source="azure_fleet")
    whole.deliver(DAY, json.dumps({"operations": [GKE_OPERATION]}), source="gke_operations", name="list.json")
    whole.deliver(DAY, json.dumps(GKE_NOTIFICATION), source="gke_notifications")
    whole.deliver(DAY, json.dumps(eks("09:10", "InProgress")), json.dumps(EKS_FAILED), source="eks_updates")
    whole.deliver(DAY, json.dumps(CLUSTER_VERSION), json.dumps(INFRASTRUCTURE), source="openshift_clusterversion")
    whole.home.inventory.mkdir()
    (whole.home.inventory / "clusters.csv").write_text(
        f"cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\n{SHOP},NP1,northeurope,web,,,\n",
        encoding="utf-8",
    )
    assert whole.publish(DAY) is not None
    return whole


def operation(home: WholeHome, cluster: str) -> Row:
    with home.warehouse.transaction() as db:
        rows = (
            db.sql("SELECT * FROM upgrades.operations WHERE cluster_id = $cluster", params={"cluster": cluster}).pl().to_dicts()
        )
    [found] = rows
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{text}")


def test_a_pool_on_aks_is_one_upgrade_from_the_version_that_the_log_knew_before(home):
    found = operation(home, SHOP.lower())
    assert (found["state"], found["scope"], found["node_pool"], found["trigger"]) == ("succeeded", "node_pool", "np1", "manual")
    assert (found["from_version"], found["to_version"]) == ("1.30.4", "1.31.2")
    assert (found["started_at"], found["finished_at"]) == (at("10:00:00.123456"), at("10:31:00.123456"))


def test_the_inventory_is_found_however_azure_writes_an_id(home):
    found = operation(home, SHOP.lower())
    assert (found["region"], found["workload_type"]) == ("northeurope", "web")


def test_a_day_on_which_nothing_was_upgraded_is_no_reason_to_refuse_a_report(tmp_path):
    whole = new_home(tmp_path / "home")
    whole.deliver(DAY, json.dumps(activity("12:00", "Start", "tags")), source="azure_activity_log")
    whole.deliver(DAY, json.dumps(INFRASTRUCTURE), source="openshift_clusterversion")
    whole.bring_to(DAY)
    with whole.warehouse.transaction() as db:
        assert db.execute("SELECT class FROM upgrades.other_operations").fetchall() == [("create",)]
        assert operations_suite.rows_asked_for(db, DAY) == 0


def test_the_writes_before_and_after_it_are_no_upgrades(home):
    with home.warehouse.transaction() as db:
        assert db.execute("SELECT class FROM upgrades.other_operations ORDER BY 1").fetchall() == [("create",), ("update",)]


def test_a_fleet_run_says_what_failed(home):
    found = operation(home, BANK.lower())
    assert (found["state"], found["scope"], found["to_version"]) == ("failed", "cluster", "1.31.2")
    assert (found["error_category"], found["responsibility"]) == ("capacity_quota", "customer")
    assert found["duration_seconds"] == pytest.approx(599.981842)  # 09:00:00.518158 to 09:10:00.5


def test_what_gke_lists_has_the_versions_of_the_notification(home):
    found = operation(home, GKE)
    assert (found["state"], found["node_pool"], found["region"], found["duration_seconds"]) == (
        "succeeded",
        "np1",
        "europe-west1",
        1200,
    )
    assert (found["from_version"], found["to_version"]) == ("1.30.5-gke.1014001", "1.31.1-gke.2105000")


def test_an_eks_update_ends_when_a_poll_first_sees_it_ended(home):
    found = operation(home, EKS)
    assert (found["state"], found["scope"], found["region"], found["to_version"]) == ("failed", "node_pool", "eu-west-1", "1.31")
    assert (found["started_at"], found["finished_at"]) == (at("09:00:00.25"), at("09:40:00"))
    assert (found["error_category"], found["responsibility"]) == ("pdb_drain", "customer")


def test_openshift_takes_its_region_from_the_infrastructure(home):
    found = operation(home, "os-1")
    assert (found["from_version"], found["to_version"], found["region"]) == ("4.16.2", "4.16.3", "us-east-2")


def test_every_record_of_every_source_is_accounted_for(home):
    with home.warehouse.transaction() as db:
        rows = db.execute(
            "SELECT source, records, accepted, duplicate, quarantined, not_an_upgrade FROM telemetry.files ORDER BY source"
        ).fetchall()
    assert {source: tuple(counts) for source, *counts in rows} == {
        "aks_event_grid": (2, 2, 0, 0, 0),
        "azure_activity_log": (7, 6, 0, 1, 0),
        "azure_fleet": (1, 1, 0, 0, 0),
        "canonical": (2, 2, 0, 0, 0),
        "eks_updates": (2, 2, 0, 0, 0),
        "gke_notifications": (1, 1, 0, 0, 0),
        "gke_operations": (1, 1, 0, 0, 0),
        "openshift_clusterversion": (2, 2, 0, 0, 0),
    }


def test_the_report_names_every_source(home):
    page = (home.published / DAY.isoformat() / "report.html").read_text(encoding="utf-8")
    assert [source for source in known_sources() if source not in page] == []


def test_nothing_of_whoever_asked_is_stored_anywhere(home):
    for name, rows in home.tables().items():
        text = " ".join(cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for row in rows for cell in row)
        assert MARKER not in text, name
        assert "203.0.113.7" not in text, name
    for name, content in bytes_under(home.published).items():
        assert MARKER.encode() not in content, name


def test_a_second_delivery_of_the_same_facts_changes_nothing(home):
    before = home.tables()["upgrades.operations"]
    later = home.copy(home.home.root.with_name("later"))
    again = [activity("10:31", "Success", "upgrade"), activity("10:00", "Start", "upgrade", "1.31.2")]
    later.deliver(DAY, json.dumps([GKE_OPERATION]), source="gke_operations", name="z-again.json")
    later.deliver(DAY, *map(json.dumps, again), source="azure_activity_log", name="z-again.ndjson")
    later.deliver(DAY, json.dumps(EKS_FAILED), source="eks_updates", name="z-again.ndjson")
    later.bring_to(DAY)
    assert later.tables()["upgrades.operations"] == before
    with later.warehouse.transaction() as db:
        counts = db.execute("SELECT accepted, duplicate FROM telemetry.files WHERE path LIKE '%z-again%'").fetchall()
    assert sorted(counts) == [(0, 1), (0, 1), (0, 2)]
