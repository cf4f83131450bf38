"""Event Grid delivers late, twice and out of order, in two envelopes, and its examples give one id to different events."""

import io
import json
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources import Accepted, NotAnUpgrade, Refused
from assets.telemetry.sources.aks_event_grid import interpret
from assets.telemetry.sources.envelopes import Counts, records
from assets.telemetry.sources.identity import h

DAY = date(2026, 3, 1)
SUBSCRIPTION = "/subscriptions/5ab1c0de-0000-4000-8000-000000000001"
CLUSTER_PATH = f"{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/Shop"
CLUSTER = f"{SUBSCRIPTION}/resourcegroups/rg-shop/providers/microsoft.containerservice/managedclusters/shop"
ROLLING = "Microsoft.ContainerService.NodePoolRolling"
MAINTENANCE = "Microsoft.ResourceNotifications.ContainerServiceEventResources.ScheduledEventEmitted"
LOOSE_ROLL = Flag.LOOSE | Flag.ROLL


def roll(what: str, at: str = "10:00:00", **more: Any) -> dict[str, Any]:
    """A CloudEvents event of a roll on the first of March."""
    return {
        "source": CLUSTER_PATH,
        "subject": "Shop",
        "type": ROLLING + what,
        "time": f"2026-03-01T{at}.1234567Z",
        "id": "e-1",
        "data": {"nodePoolName": "np1"},
        "specversion": "1.0",
    } | more


def in_event_grid_schema(event: dict[str, Any]) -> dict[str, Any]:
    names = {"source": "topic", "type": "eventType", "time": "eventTime"}
    renamed = {names.get(name, name): value for name, value in event.items() if name != "specversion"}
    return renamed | {"dataVersion": "1", "metadataVersion": "1"}


def maintenance(status: Any, details: Any = "Start to upgrade: K8sVersionUpgrade", **properties: Any) -> dict[str, Any]:
    """An event of the communication manager: of a subscription, with the cluster inside."""
    path = f"{CLUSTER_PATH}/scheduledEvents/0b1d"
    return {
        "id": "e-1",
        "source": SUBSCRIPTION,
        "subject": path,
        "type": MAINTENANCE,
        "time": "2026-03-01T10:00:00.1234567Z",
        "specversion": "1.0",
        "data": {
            "resourceInfo": {
                "id": path,
                "name": "0b1d",
                "type": "Microsoft.ContainerService/managedClusters/scheduledEvents",
                "location": "West US 2",
                "properties": {
                    "eventId": "m-1",
                    "eventSource": "AutoUpgrader",
                    "eventStatus": status,
                    "eventDetails": details,
                    "lastUpdateTime": "0001-01-01T00:00:00.0000000Z",
                }
                | properties,
            },
            "operationalInfo": {"resourceEventTime": "2026-03-01T10:00:00.1234567"},
        },
    }


def the_event(record: dict[str, Any]) -> Event:
    outcome = interpret(record, delivery_day=DAY)
    assert isinstance(outcome, Accepted), outcome
    [event] = outcome.events
    return event


@pytest.mark.parametrize(
    ("what", "type_"), [("Started", "started"), ("Succeeded", "succeeded"), ("Failed", "failed")], ids=lambda value: value
)
def test_a_roll_is_a_fact_about_one_pool_that_does_not_know_its_operation(what, type_):
    event = the_event(roll(what))
    assert (event.type, event.time) == (type_, datetime.fromisoformat("2026-03-01T10:00:00.123456"))
    assert (event.cluster_id, event.node_pool, event.scope, event.provider) == (CLUSTER, "np1", "node_pool", "aks")
    assert (event.trigger, event.thread, event.flags) == ("unknown", "azure", LOOSE_ROLL)
    assert (event.from_version, event.to_version, event.region, event.error_code, event.node_count) == (None,) * 5
    assert event.observed_at == event.time
    assert event.source == f"/upgradeslo/aks_event_grid/{CLUSTER}"


def test_a_start_forms_an_operation_by_its_time_and_an_end_one_by_its_own_id():
    assert the_event(roll("Started")).operation_id == "aks_event_grid:" + h(CLUSTER, "np1", "2026-03-01T10:00:00.123456Z")
    for what in ("Succeeded", "Failed"):
        assert the_event(roll(what)).operation_id == "aks_event_grid:" + h(CLUSTER, "np1", "orphan", "e-1")


def test_both_envelopes_of_an_event_are_one_event():
    for what in ("Started", "Succeeded", "Failed"):
        assert the_event(in_event_grid_schema(roll(what))) == the_event(roll(what))
    assert the_event(in_event_grid_schema(maintenance("Started"))) == the_event(maintenance("Started"))


def test_events_that_share_an_id_are_one_only_when_all_else_is_the_same():
    several = [
        roll("Started"),
        roll("Succeeded"),
        roll("Failed"),
        roll("Started", "10:00:01"),
        roll("Started", data={"nodePoolName": "np2"}),
        roll("Started", source=CLUSTER_PATH + "2"),
        roll("Started", id="e-2"),
    ]
    assert len({the_event(record).id for record in several}) == 7
    assert the_event(roll("Started")).id == h("aks_event_grid", CLUSTER, "np1", "e-1", "started", "2026-03-01T10:00:00.123456Z")


def test_an_event_that_is_delivered_again_a_day_later_is_the_same_event():
    again = interpret(roll("Started"), delivery_day=date(2026, 3, 2))
    assert again == Accepted((the_event(roll("Started")),))


def test_the_case_of_ids_and_pools_makes_no_other_cluster():
    shouted = roll("Started", source=CLUSTER_PATH.upper() + "/", data={"nodePoolName": "NP1"}, type=(ROLLING + "Started").upper())
    assert the_event(shouted) == the_event(roll("Started"))


def test_two_pools_that_roll_at_once_are_two_operations():
    other = the_event(roll("Started", data={"nodePoolName": "np2"}))
    assert other.operation_id != the_event(roll("Started")).operation_id


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="without the name"),
        pytest.param({"nodePoolName": ""}, id="with an empty name"),
        pytest.param({"nodePoolName": None}, id="with null"),
        pytest.param(None, id="without data"),
    ],
)
def test_a_roll_of_an_unnamed_pool_is_kept(data):
    event = the_event(roll("Failed", data=data))
    assert (event.type, event.scope, event.node_pool) == ("failed", "node_pool", None)


@pytest.mark.parametrize("type_", ["NewKubernetesVersionAvailable", "ClusterSupportEnding", "ClusterSupportEnded"])
def test_news_of_versions_are_no_upgrades(type_):
    record = roll("", type=f"Microsoft.ContainerService.{type_}", data={"kubernetesVersion": "1.24.10"})
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("news")
    assert interpret(in_event_grid_schema(record), delivery_day=DAY) == NotAnUpgrade("news")


@pytest.mark.parametrize("name", ["delivery.json", "delivery.ndjson"])
def test_a_delivery_is_one_event_or_an_array_of_them(name):
    def facts(delivered: Any) -> list[str]:
        read = records(io.BytesIO(json.dumps(delivered).encode()), name=name, counts=Counts())
        return [the_event(record.value).type for record in read if isinstance(record.value, dict)]

    assert facts(roll("Started")) == ["started"]
    if name.endswith(".json"):
        assert facts([in_event_grid_schema(roll("Started")), in_event_grid_schema(roll("Failed"))]) == ["started", "failed"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({}, "missing_field:type", id="nothing"),
        pytest.param({"eventType": None}, "missing_field:eventType", id="no type in Event Grid's schema"),
        pytest.param(roll("", type=7), "invalid_type:type", id="a type that is no text"),
        pytest.param(roll("Paused"), "unknown_event_type", id="an unknown type"),
        pytest.param(roll("", type="Microsoft.EventGrid.SubscriptionValidationEvent"), "unknown_event_type", id="validation"),
        pytest.param(roll("Started", id=""), "missing_field:id", id="an empty id"),
        pytest.param(roll("Started", id=5), "invalid_type:id", id="an id that is no text"),
        pytest.param(roll("Started", source=None), "missing_field:source", id="no source"),
        pytest.param(roll("Started", source=SUBSCRIPTION), "invalid_value:source", id="a source that is no cluster"),
        pytest.param(in_event_grid_schema(roll("Started", source="x")), "invalid_value:topic", id="a topic that is no cluster"),
        pytest.param(roll("Started", time=None), "missing_field:time", id="no time"),
        pytest.param(roll("Started", time="2026-03-01T10:00:00"), "invalid_time", id="a time without an offset"),
        pytest.param(roll("Started", time=[]), "invalid_time", id="a time that is none"),
        pytest.param(roll("Started", time="2026-03-05T00:00:00Z"), "time_out_of_range", id="a time to come"),
        pytest.param(roll("Started", data="np1"), "invalid_type:data", id="data that is no object"),
        pytest.param(roll("Started", data={"nodePoolName": 1}), "invalid_type:data.nodePoolName", id="a pool that is no text"),
    ],
)
def test_a_roll_that_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


@pytest.mark.parametrize(
    ("status", "type_"),
    [
        ("Scheduled", "scheduled"),
        ("Started", "started"),
        ("Completed", "succeeded"),
        ("Failed", "failed"),
        ("Canceled", "cancelled"),
        ("Cancelled", "cancelled"),
    ],
)
def test_announced_maintenance_is_one_operation_of_the_whole_cluster_from_first_to_last(status, type_):
    event = the_event(maintenance(status))
    assert (event.type, event.time) == (type_, datetime.fromisoformat("2026-03-01T10:00:00.123456"))
    assert (event.cluster_id, event.node_pool, event.scope, event.region) == (CLUSTER, None, "cluster", "westus2")
    assert (event.trigger, event.provider, event.thread, event.flags) == ("auto_channel", "aks", "azure", 0)
    assert event.operation_id == "aks_event_grid:" + h(CLUSTER, None, "maintenance", "m-1")


def test_a_new_image_for_the_nodes_is_an_upgrade_of_images():
    event = the_event(maintenance("Started", details="NodeOSUpgrade"))
    assert (event.scope, event.node_pool) == ("node_image", None)


DETAILS = {"upgradeType": "NodeOSUpgrade", "id": "m-2"}


@pytest.mark.parametrize("details", [DETAILS, json.dumps(DETAILS)], ids=["as an object", "as text"])
def test_details_and_properties_may_be_objects_or_text(details):
    expected = the_event(maintenance("Started", details=DETAILS, eventId=None))
    assert (expected.scope, expected.operation_id) == (
        "node_image",
        "aks_event_grid:" + h(CLUSTER, None, "maintenance", "m-2"),
    )
    record = maintenance("Started", details=details, eventId=None)
    assert the_event(record) == expected
    info = record["data"]["resourceInfo"]
    as_text = record | {"data": {"resourceInfo": info | {"properties": json.dumps(info["properties"])}}}
    assert the_event(as_text) == expected


def test_properties_may_stand_in_the_data_itself():
    record = maintenance("Started")
    properties = record["data"]["resourceInfo"]["properties"]
    for data in (properties, {"properties": properties}, {"properties": json.dumps(properties)}):
        event = the_event(record | {"data": data})
        assert (event.id, event.region) == (the_event(record).id, None)


@pytest.mark.parametrize(
    ("event_id", "details", "key"),
    [
        pytest.param("m-1", {"id": "m-2", "eventId": "m-3"}, "m-1", id="of the event"),
        pytest.param("", {"id": "m-2", "eventId": "m-3"}, "m-3", id="of the event, inside the details"),
        pytest.param(None, {"id": "m-2"}, "m-2", id="of the details"),
    ],
)
def test_maintenance_is_known_by_an_id(event_id, details, key):
    event = the_event(maintenance("Started", details=details | {"type": "K8sVersionUpgrade"}, eventId=event_id))
    assert event.operation_id == "aks_event_grid:" + h(CLUSTER, None, "maintenance", key)


def test_maintenance_without_an_id_is_as_loose_as_a_roll():
    of = {status: the_event(maintenance(status, eventId=7)) for status in ("Scheduled", "Started", "Completed")}
    assert {event.flags for event in of.values()} == {Flag.LOOSE}
    moment = "2026-03-01T10:00:00.123456Z"
    assert of["Started"].operation_id == "aks_event_grid:" + h(CLUSTER, None, "cluster", moment)
    assert of["Completed"].operation_id == "aks_event_grid:" + h(CLUSTER, None, "cluster", "orphan", "e-1")
    images = the_event(maintenance("Started", details="NodeOSUpgrade", eventId=None))
    assert images.operation_id != of["Started"].operation_id


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"subject": None}, id="by the resource"),
        pytest.param({"data": {"properties": maintenance("Started")["data"]["resourceInfo"]["properties"]}}, id="by the subject"),
        pytest.param({"source": CLUSTER_PATH, "subject": None}, id="by the source"),
    ],
)
def test_the_cluster_of_a_maintenance_is_named(change):
    assert the_event(maintenance("Started") | change).cluster_id == CLUSTER


def test_a_failure_says_why_without_saying_who():
    details = "K8sVersionUpgrade failed for jo@example.com at 10.1.2.3: pod shop/cart-0 violates its disruption budget"
    assert the_event(maintenance("Started", details=details)).error_message is None
    failed = the_event(maintenance("Failed", details=details))
    assert failed.error_message == "K8sVersionUpgrade failed for <email> at <ip>: pod <name> violates its disruption budget"
    assert failed.error_code is None


def test_fields_that_are_not_asked_for_go_nowhere():
    record = maintenance("Started", description="MARKER", resources=["MARKER"], caller="MARKER")
    record |= {"claims": "MARKER", "data": record["data"] | {"operationalInfo": "MARKER", "identity": "MARKER"}}
    rolled = roll("Failed", subject="MARKER", caller="MARKER", data={"nodePoolName": "np1", "claims": "MARKER"})
    assert "MARKER" not in repr((the_event(record), the_event(rolled)))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        pytest.param(maintenance("Scheduled", {"kubernetesVersion": "1.32.3"}, eventSource="EOLNotification"), "news", id="EOL"),
        pytest.param(maintenance("Started", "Konnectivity tunnel switch"), "maintenance", id="of the underlay"),
        pytest.param(maintenance("Started", {"kind": ["Something"]}), "maintenance", id="of another kind"),
    ],
)
def test_announcements_of_something_else_are_no_upgrades(record, kind):
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade(kind)


DEEP: Any = "K8sVersionUpgrade"
for _ in range(400):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(maintenance("Started") | {"data": None}, "eventStatus", id="no data"),
        pytest.param(maintenance(None), "eventStatus", id="no status"),
        pytest.param(maintenance("Started", None), "eventDetails", id="no details"),
    ],
)
def test_maintenance_needs_a_status_and_details(record, reason):
    path = f"data.resourceInfo.properties.{reason}"
    assert interpret(record, delivery_day=DAY) == Refused(f"missing_field:{path}")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(maintenance("Paused"), "invalid_value:data.resourceInfo.properties.eventStatus", id="an unknown status"),
        pytest.param(maintenance(3), "invalid_type:data.resourceInfo.properties.eventStatus", id="a status that is no text"),
        pytest.param(maintenance("Started", DEEP), "invalid_value:data.resourceInfo.properties.eventDetails", id="a deep nest"),
        pytest.param(maintenance("Started") | {"data": [1]}, "invalid_type:data", id="data that is no object"),
        pytest.param(
            maintenance("Started") | {"data": {"properties": "{"}}, "invalid_value:data.resourceInfo.properties", id="broken JSON"
        ),
        pytest.param(
            maintenance("Started") | {"data": {"properties": "[1]"}}, "invalid_type:data.resourceInfo.properties", id="an array"
        ),
        pytest.param(
            maintenance("Started") | {"data": {"eventStatus": "Started", "eventDetails": "NodeOSUpgrade"}, "subject": "shop"},
            "invalid_value:source",
            id="no cluster anywhere",
        ),
    ],
)
def test_maintenance_that_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with any of its parts, at any depth, replaced by any JSON or left out."""
    if draw(st.integers(0, 7)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {name: draw(mutated(part)) for name, part in value.items() if draw(st.integers(0, 9))}
    return value


RECORDS = st.sampled_from(
    [roll("Started"), in_event_grid_schema(roll("Failed")), maintenance("Failed"), maintenance("x", DETAILS)]
)


@settings(max_examples=250, deadline=None)
@given(record=RECORDS.flatmap(mutated).filter(lambda record: isinstance(record, dict)))
def test_every_record_ends_in_exactly_one_outcome(record):
    outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted(events):
            assert len(events) == 1
        case Refused(reason):
            assert reason
        case NotAnUpgrade(kind):
            assert kind in ("news", "maintenance")
