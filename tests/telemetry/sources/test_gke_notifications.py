"""Notifications arrive in every shape Pub/Sub has: bare, pushed, pulled, flattened, more than once, and full of news."""

import base64
import copy
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import EARLIEST, Event
from assets.telemetry.sources.gke_notifications import interpret
from assets.telemetry.sources.gke_operations import interpret as interpret_operation
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, Refused

DAY = date(2026, 3, 1)
CLUSTER = "projects/123/locations/europe-west2/clusters/c1"
POOL = "projects/my-project/locations/europe-west2/clusters/c1/nodePools/np1"
TYPES = "type.googleapis.com/google.container.v1beta1."
OLD, NEW = "1.30.5-gke.1014001", "1.31.2-gke.1115000"
PAYLOAD = {
    "resourceType": "MASTER",
    "operation": "operation-1772359200095-0a1b",
    "operationStartTime": "2026-03-01T10:00:00.095147203Z",
    "currentVersion": OLD,
    "targetVersion": NEW,
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def message(payload: Any = PAYLOAD, kind: str = "UpgradeEvent", **attributes: Any) -> dict[str, Any]:
    """A message with this payload, as JSON text unless it is text already; an attribute that is None is absent."""
    given = {
        "project_id": "123",
        "cluster_location": "europe-west2",
        "cluster_name": "c1",
        "type_url": TYPES + kind,
        "payload": payload if isinstance(payload, str) else json.dumps(payload),
    } | attributes
    data = base64.b64encode(b"Master of MARKER is upgrading.").decode()
    return {"data": data, "attributes": {key: value for key, value in given.items() if value is not None}}


def info(state: str | None, **change: Any) -> dict[str, Any]:
    """A message with an UpgradeInfoEvent of a pool; a field that is None is absent."""
    payload = {
        "resourceType": "NODE_POOL",
        "resource": POOL,
        "operation": "operation-1772359200095-0a1b",
        "eventType": "UPGRADE_LIFECYCLE",
        "state": state,
        "startTime": "2026-03-01T10:00:00.5Z",
        "endTime": "2026-03-01T10:30:00Z",
        "currentVersion": OLD,
        "targetVersion": NEW,
        "description": "what happened",
    }
    if state in ("SCHEDULED", "STARTED"):
        payload |= {"endTime": None}
    return message({key: value for key, value in (payload | change).items() if value is not None}, "UpgradeInfoEvent")


def events(record: dict[str, Any], day: date = DAY) -> tuple[Event, ...]:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    return outcome.events


def facts(record: dict[str, Any]) -> list[tuple[str, datetime]]:
    return [(event.type, event.time) for event in events(record)]


def test_an_upgrade_event_tells_of_a_start_and_never_of_an_end():
    [started] = events(message(PAYLOAD | {"endTime": "2026-03-01T11:00:00Z", "state": "SUCCEEDED"}))
    assert (started.type, started.time) == ("started", at("2026-03-01T10:00:00.095147"))
    assert started.operation_id.startswith("gke:")
    assert (started.cluster_id, started.scope, started.node_pool) == (CLUSTER, "control_plane", None)
    assert (started.provider, started.thread, started.region) == ("gke", "gke", "europe-west2")
    assert (started.from_version, started.to_version, started.trigger, started.flags) == (OLD, NEW, None, 0)
    assert started.source == f"/upgradeslo/gke_notifications/{CLUSTER}"


def test_an_upgrade_of_a_pool_names_the_pool():
    [started] = events(message(PAYLOAD | {"resourceType": "NODE_POOL", "resource": POOL}))
    assert (started.scope, started.node_pool, started.cluster_id) == ("node_pool", "np1", CLUSTER)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [("np1", "np1"), (f"{POOL}/", "np1"), ("/", None), ("", None), (None, None)],
    ids=["a bare name", "a slash at the end", "nothing but a slash", "empty", "absent"],
)
def test_the_pool_is_the_last_part_of_its_path_if_there_is_one(resource, expected):
    [started] = events(message(PAYLOAD | {"resourceType": "NODE_POOL", "resource": resource}))
    assert (started.scope, started.node_pool) == ("node_pool", expected)


def test_a_path_says_nothing_about_a_control_plane():
    assert events(message(PAYLOAD | {"resource": POOL}))[0].node_pool is None


BARE = message()


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage"} | BARE, id="with its type"),
        pytest.param({"attributes": BARE["attributes"]}, id="without data"),
        pytest.param(BARE | {"data": "Master is upgrading."}, id="with data that is text"),
        pytest.param(BARE | {"data": "%%%"}, id="with data that is nothing"),
        pytest.param(BARE["attributes"], id="flattened"),
        pytest.param(BARE["attributes"] | {"data": BARE["data"], "message": "of mine"}, id="flattened with other fields"),
        pytest.param({"message": BARE, "subscription": "projects/p/subscriptions/s"}, id="pushed"),
        pytest.param({"ackId": "x", "message": BARE}, id="pulled"),
        pytest.param({"message": BARE["attributes"]}, id="pulled and flattened"),
        pytest.param({"attributes": json.dumps(BARE["attributes"])}, id="with attributes as text"),
        pytest.param(message(payload=json.dumps(PAYLOAD, indent=2)), id="with a payload as text"),
        pytest.param({"attributes": BARE["attributes"] | {"payload": PAYLOAD}}, id="with a payload as an object"),
        pytest.param(message(project_id=123), id="with a project that is a number"),
        pytest.param(BARE | {"messageId": "1"}, id="redelivered under another id"),
        pytest.param(BARE | {"messageId": "2", "publishTime": "2026-03-01T10:00:05Z"}, id="published at a time"),
    ],
)
def test_the_shape_of_a_message_changes_nothing(record):
    assert [event.id for event in events(record)] == [event.id for event in events(BARE)]


def test_a_message_was_seen_when_it_was_published_else_when_things_happened():
    started_at = at("2026-03-01T10:00:00.095147")
    assert events(BARE)[0].observed_at == started_at
    assert events(BARE | {"publishTime": "2026-03-01T10:00:05.25Z"})[0].observed_at == at("2026-03-01T10:00:05.25")
    assert [event.observed_at for event in events(info("FAILED"))] == [at("2026-03-01T10:00:00.5"), at("2026-03-01T10:30:00")]
    for impossible in ("soon", 5, [], "2036-01-01T00:00:00Z"):
        assert events(BARE | {"publishTime": impossible})[0].observed_at == started_at


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("SCHEDULED", [("scheduled", at("2026-03-01T10:00:00.5"))], id="scheduled"),
        pytest.param("STARTED", [("started", at("2026-03-01T10:00:00.5"))], id="started"),
        pytest.param(
            "SUCCEEDED",
            [("started", at("2026-03-01T10:00:00.5")), ("succeeded", at("2026-03-01T10:30:00"))],
            id="succeeded, which it started before",
        ),
        pytest.param(
            "FAILED",
            [("started", at("2026-03-01T10:00:00.5")), ("failed", at("2026-03-01T10:30:00"))],
            id="failed, which it started before",
        ),
        pytest.param(
            "CANCELED",
            [("started", at("2026-03-01T10:00:00.5")), ("cancelled", at("2026-03-01T10:30:00"))],
            id="cancelled, which it started before",
        ),
    ],
)
def test_an_info_event_tells_what_became_of_the_upgrade(state, expected):
    assert facts(info(state)) == expected
    for event in events(info(state)):
        assert event.operation_id.startswith("gke:")
        assert (event.scope, event.node_pool, event.from_version, event.to_version) == ("node_pool", "np1", OLD, NEW)


def test_the_notifications_of_one_operation_are_one_operation_whose_facts_are_told_once():
    start = message(PAYLOAD | {"resourceType": "NODE_POOL", "resource": POOL, "operationStartTime": "2026-03-01T10:00:00.5Z"})
    told = [start, info("STARTED"), info("SUCCEEDED"), info("SUCCEEDED")]
    found = [event for days, record in enumerate(told) for event in events(record, DAY + timedelta(days=days))]
    assert len({event.operation_id for event in found}) == 1
    assert sorted({event.id: event.type for event in found}.values()) == ["started", "succeeded"]


@pytest.mark.parametrize("kind", [None, "", "EVENT_TYPE_UNSPECIFIED"])
def test_an_info_event_that_names_no_subject_is_about_an_upgrade(kind):
    assert facts(info("STARTED", eventType=kind)) == facts(info("STARTED"))


def test_an_end_without_a_start_is_only_an_end():
    assert facts(info("FAILED", startTime=None)) == [("failed", at("2026-03-01T10:30:00"))]


def test_a_plan_without_a_time_is_as_of_its_publication():
    record = info("SCHEDULED", startTime=None)
    assert facts(record | {"publishTime": "2026-02-27T08:00:00Z"}) == [("scheduled", at("2026-02-27T08:00:00"))]
    assert interpret(record, delivery_day=DAY) == Refused("missing_field:attributes.payload.startTime")


def test_an_upgrade_without_an_operation_is_known_by_what_else_is_told():
    [started] = events(info("STARTED", operation=None))
    assert started.operation_id.startswith("gke_details:")
    assert {event.operation_id for event in events(info("SUCCEEDED", operation=None))} == {started.operation_id}
    for change in ({"targetVersion": "1.32.0"}, {"resource": POOL[:-1] + "2"}, {"startTime": "2026-03-01T10:00:00Z"}):
        assert events(info("STARTED", operation=None, **change))[0].operation_id != started.operation_id


def test_an_upgrade_without_an_operation_is_the_same_in_the_details_that_are_polled():
    details = {
        "resource": f"{CLUSTER}/nodePools/np1",
        "state": "RUNNING",
        "startTime": "2026-03-01T10:00:00.5Z",
        "targetVersion": NEW,
    }
    outcome = interpret_operation(details, delivery_day=DAY)
    assert isinstance(outcome, Accepted)
    assert outcome.events[0].operation_id == events(info("STARTED", operation=None))[0].operation_id


def test_equal_versions_are_told_as_they_are():
    [started] = events(message(PAYLOAD | {"targetVersion": OLD}))
    assert (started.from_version, started.to_version) == (OLD, OLD)


@pytest.mark.parametrize(
    ("state", "change", "expected"),
    [
        pytest.param("FAILED", {}, (None, "what happened"), id="the description of a failure"),
        pytest.param("CANCELED", {}, (None, "what happened"), id="the description of a cancellation"),
        pytest.param("SUCCEEDED", {}, (None, None), id="a success has no error"),
        pytest.param("STARTED", {}, (None, None), id="a start has no error"),
        pytest.param("FAILED", {"description": None}, (None, None), id="a failure without a description"),
        pytest.param(
            "FAILED",
            {"disruptionEvent": {"disruptionType": "POD_PDB_VIOLATION"}},
            ("POD_PDB_VIOLATION", "what happened"),
            id="a failure with a disruption",
        ),
        pytest.param(
            "FAILED", {"disruptionEvent": ["x"], "description": 5}, (None, None), id="malformed evidence is no evidence"
        ),
        pytest.param(
            "FAILED", {"disruptionEvent": {"disruptionType": 5}}, (None, "what happened"), id="a disruption that is no text"
        ),
    ],
)
def test_the_error_is_what_the_notification_adds_about_a_failure(state, change, expected):
    end = events(info(state, **change))[-1]
    assert (end.error_code, end.error_message) == expected


def test_messages_are_masked_and_cut_and_data_goes_nowhere():
    description = "ask jo@example.com at 10.1.2.3 about pod shop/cart-0 " + "x" * 3_000
    disruption = {"disruptionType": "POD_PDB_VIOLATION", "workload": "MARKER"}
    found = events(info("FAILED", description=description, disruptionEvent=disruption))
    assert found[1].error_message is not None
    assert found[1].error_message.startswith("ask <email> at <ip> about pod <name> xxx")
    assert len(found[1].error_message) == 2_000
    assert "MARKER" not in repr((found, events(BARE | {"data": "MARKER", "orderingKey": "MARKER"})))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(message({"version": NEW, "resourceType": "MASTER"}, "UpgradeAvailableEvent"), id="a version is available"),
        pytest.param(message({"cveIds": ["CVE-2026-1"]}, "SecurityBulletinEvent"), id="a bulletin was published"),
        pytest.param(message("no JSON", "SecurityBulletinEvent", project_id=None), id="whatever else news say"),
        pytest.param(info(None, eventType="END_OF_SUPPORT"), id="support ends"),
        pytest.param(info(None, eventType="COS_MILESTONE_VERSION_UPDATE"), id="nodes get another milestone of their system"),
        pytest.param(info("STARTED", eventType="DISRUPTION_EVENT"), id="nodes are disrupted"),
    ],
)
def test_news_are_no_upgrades(record):
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("news")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({}, "missing_field:attributes.type_url", id="nothing at all"),
        pytest.param({"message": {}}, "missing_field:attributes.type_url", id="an empty message"),
        pytest.param({"attributes": [1]}, "invalid_type:attributes", id="attributes that are no object"),
        pytest.param({"attributes": "x"}, "invalid_value:attributes", id="attributes that are no JSON"),
        pytest.param(message(type_url=5), "invalid_type:attributes.type_url", id="a type that is no text"),
        pytest.param(message(kind="UpgradeMovieEvent"), "unknown_event_type", id="an unknown type"),
        pytest.param(message(type_url="UpgradeEvents"), "unknown_event_type", id="a type that only begins like one"),
        pytest.param(message(payload=""), "missing_field:attributes.payload", id="no payload"),
        pytest.param(message(payload="{"), "invalid_value:attributes.payload", id="a payload that is no JSON"),
        pytest.param(message(payload='{"x": NaN}'), "invalid_value:attributes.payload", id="a payload that is not strict JSON"),
        pytest.param(message(payload="[" * 5_000), "invalid_value:attributes.payload", id="a payload nested without end"),
        pytest.param(message(payload="[1]"), "invalid_type:attributes.payload", id="a payload that is no object"),
        pytest.param(message(project_id=None), "missing_field:attributes.project_id", id="no project"),
        pytest.param(message(project_id=True), "invalid_type:attributes.project_id", id="a project that is true"),
        pytest.param(message(project_id=1.5), "invalid_type:attributes.project_id", id="a project that is a fraction"),
        pytest.param(message(project_id=10**6000), "invalid_type:attributes.project_id", id="a project of 6,000 digits"),
        pytest.param(message(cluster_location=None), "missing_field:attributes.cluster_location", id="no location"),
        pytest.param(message(cluster_name=["c1"]), "invalid_type:attributes.cluster_name", id="a name that is no text"),
        pytest.param(
            message(PAYLOAD | {"resourceType": None}), "missing_field:attributes.payload.resourceType", id="no resource type"
        ),
        pytest.param(
            message(PAYLOAD | {"resourceType": "DISK"}), "invalid_value:attributes.payload.resourceType", id="another resource"
        ),
        pytest.param(
            message(PAYLOAD | {"operationStartTime": None}),
            "missing_field:attributes.payload.operationStartTime",
            id="a start without its time",
        ),
        pytest.param(message(PAYLOAD | {"operationStartTime": "2026-03-01T10:00:00"}), "invalid_time", id="without an offset"),
        pytest.param(message(PAYLOAD | {"operationStartTime": "2026-04-01T10:00:00Z"}), "time_out_of_range", id="to come"),
        pytest.param(message(PAYLOAD | {"targetVersion": 1.31}), "invalid_type:attributes.payload.targetVersion", id="version"),
        pytest.param(message(PAYLOAD | {"operation": {}}), "invalid_type:attributes.payload.operation", id="operation"),
        pytest.param(info("STARTED", resource=5), "invalid_type:attributes.payload.resource", id="a path that is no text"),
        pytest.param(info("STARTED", eventType="NEW"), "invalid_value:attributes.payload.eventType", id="another subject"),
        pytest.param(info(None), "missing_field:attributes.payload.state", id="no state"),
        pytest.param(info("PAUSED"), "invalid_value:attributes.payload.state", id="another state"),
        pytest.param(info("STARTED", startTime=None), "missing_field:attributes.payload.startTime", id="no start"),
        pytest.param(info("SUCCEEDED", endTime=None), "missing_field:attributes.payload.endTime", id="no end"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(["MASTER", "FAILED", "SCHEDULED", "END_OF_SUPPORT", f"{TYPES}UpgradeInfoEvent", "2026-03-01T10:00:00Z"])


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A message of which up to three fields, at any depth, are gone or hold something else."""
    given = draw(st.sampled_from([BARE, info("STARTED"), info("FAILED", disruptionEvent={"disruptionType": "X"})]))
    record = copy.deepcopy(given) | {"publishTime": "2026-03-01T10:31:00Z"}
    record["attributes"]["payload"] = json.loads(record["attributes"]["payload"])
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = record
        while holder:
            key = draw(st.sampled_from(list(holder)))
            if isinstance(holder[key], dict) and holder[key] and draw(st.booleans()):
                holder = holder[key]
                continue
            if draw(st.booleans()):
                holder[key] = draw(JSON | TEXTS)
            else:
                del holder[key]
            break
    return record


@settings(max_examples=250, deadline=None)
@given(record=changed() | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_every_record_ends_in_exactly_one_outcome(record):
    outcome: Outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted(found):
            assert found
            assert len({event.id for event in found}) == len(found)
            assert all(EARLIEST <= event.time <= at("2026-03-04T00:00:00") for event in found)
        case Refused(reason):
            assert reason
        case NotAnUpgrade(kind):
            assert kind == "news"
