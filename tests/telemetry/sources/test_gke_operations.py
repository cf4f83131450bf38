"""Operations are listed again and again while they wait, run and are over; DONE says of all three ends the same."""

import copy
import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import EARLIEST, Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.envelopes import Counts, records
from assets.telemetry.sources.gke_notifications import interpret as interpret_notification
from assets.telemetry.sources.gke_operations import interpret
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, Refused
from assets.upgrades.errors import classify

DAY = date(2026, 3, 1)
API = "https://container.googleapis.com/v1/"
CLUSTER = "projects/123/locations/us-central1/clusters/c1"
# 1772359200000 ms are 2026-03-01T10:00:00Z.
NAME = "operation-1772359200095-0a1b2c3d-4e5f-6789"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def operation(**change: Any) -> dict[str, Any]:
    """A pool's upgrade that succeeded in half an hour; a field that is None is absent."""
    record = {
        "name": NAME,
        "operationType": "UPGRADE_NODES",
        "status": "DONE",
        "location": "us-central1",
        "startTime": "2026-03-01T10:00:00.095147203Z",
        "endTime": "2026-03-01T10:30:00.48674445Z",
        "selfLink": f"{API}projects/123/locations/us-central1/operations/{NAME}",
        "targetLink": f"{API}{CLUSTER}/nodePools/np1",
        "progress": {"metrics": [{"name": "NODES_FAILED", "intValue": "1"}, {"name": "NODES_TOTAL", "intValue": "12"}]},
    }
    return {key: value for key, value in (record | change).items() if value is not None}


MASTER = {"operationType": "UPGRADE_MASTER", "targetLink": f"{API}{CLUSTER}", "progress": None}


def details(**change: Any) -> dict[str, Any]:
    """An automatic upgrade of a control plane that succeeded; a field that is None is absent."""
    record = {
        "resource": CLUSTER,
        "state": "SUCCEEDED",
        "startTime": "2026-03-01T10:00:00.5Z",
        "endTime": "2026-03-01T10:20:00Z",
        "initialVersion": "1.30.5-gke.1014001",
        "targetVersion": "1.31.2-gke.1115000",
        "startType": "AUTOMATIC",
    }
    return {key: value for key, value in (record | change).items() if value is not None}


def events(record: dict[str, Any], day: date = DAY) -> tuple[Event, ...]:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    return outcome.events


def facts(record: dict[str, Any]) -> list[tuple[str, datetime]]:
    return [(event.type, event.time) for event in events(record)]


def test_a_done_operation_started_and_succeeded():
    started, succeeded = events(operation())
    assert (started.type, started.time) == ("started", at("2026-03-01T10:00:00.095147"))
    assert (succeeded.type, succeeded.time) == ("succeeded", at("2026-03-01T10:30:00.486744"))
    for event in (started, succeeded):
        assert event.operation_id.startswith("gke:")
        assert (event.cluster_id, event.scope, event.node_pool) == (CLUSTER, "node_pool", "np1")
        assert (event.provider, event.thread, event.region, event.node_count) == ("gke", "gke", "us-central1", 12)
        assert (event.from_version, event.to_version, event.trigger, event.error_code) == (None, None, None, None)
        assert event.source == f"/upgradeslo/gke_operations/{CLUSTER}"
    assert started.operation_id == succeeded.operation_id


def test_an_upgrade_of_the_control_plane_has_no_pool():
    for event in events(operation(**MASTER)):
        assert (event.scope, event.node_pool, event.node_count, event.flags) == ("control_plane", None, None, 0)


def test_an_upgrade_of_nodes_may_be_another_change_that_replaces_them():
    for record in (operation(), operation(status="PENDING"), operation(status="RUNNING")):
        assert {event.flags for event in events(record)} == {Flag.ROLL}


@pytest.mark.parametrize(
    ("status", "expected"),
    [("PENDING", "scheduled"), ("RUNNING", "started"), ("ABORTING", "started")],
    ids=["what waits is scheduled", "what runs has started", "what is being aborted has started and not ended"],
)
def test_an_operation_under_way_has_one_event(status, expected):
    record = operation(status=status, endTime=None, statusMessage="x", error={"code": 13})
    assert facts(record) == [(expected, at("2026-03-01T10:00:00.095147"))]


def test_the_polls_of_one_operation_are_one_operation_whose_facts_are_told_once():
    waiting = operation(status="PENDING", endTime=None)
    running = operation(status="RUNNING", endTime=None)
    polls = [waiting, running, running, operation(), operation()]
    found = [event for days, record in enumerate(polls) for event in events(record, DAY + timedelta(days=days))]
    assert len({event.operation_id for event in found}) == 1
    assert sorted({event.id: event.type for event in found}.values()) == ["scheduled", "started", "succeeded"]
    backwards = [event for record in reversed(polls) for event in events(record)]
    assert {event.id for event in backwards} == {event.id for event in found}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        pytest.param({}, ("succeeded", None, None), id="nothing went wrong"),
        pytest.param({"error": {}, "statusMessage": ""}, ("succeeded", None, None), id="empty errors are none"),
        pytest.param({"error": {"code": 0, "message": "OK"}}, ("succeeded", None, None), id="code 0 is no error"),
        pytest.param({"error": {"code": 1, "message": "stop"}}, ("cancelled", "1", "stop"), id="code 1 is a cancellation"),
        pytest.param({"error": {"code": 8, "message": "quota"}}, ("failed", "8", "quota"), id="another code is a failure"),
        pytest.param({"error": {"code": 13}}, ("failed", "13", None), id="a code is enough"),
        pytest.param({"error": {"message": "broken"}}, ("failed", None, "broken"), id="a message is enough"),
        pytest.param({"statusMessage": "broken"}, ("failed", None, "broken"), id="the older message is enough"),
        pytest.param(
            {"error": {"code": 9, "message": "new"}, "statusMessage": "old"},
            ("failed", "9", "new"),
            id="the error's own message comes first",
        ),
        pytest.param({"error": {"code": 9}, "statusMessage": "old"}, ("failed", "9", "old"), id="the older one completes it"),
        pytest.param(
            {"error": {"code": 0}, "statusMessage": "old"}, ("failed", None, "old"), id="the older message outweighs code 0"
        ),
    ],
)
def test_how_a_done_operation_ended_is_told_by_its_error(ending, expected):
    started, end = events(operation(**ending))
    assert (end.type, end.error_code, end.error_message) == expected
    assert (started.error_code, started.error_message) == (None, None)
    assert end.time == at("2026-03-01T10:30:00.486744")


def test_codes_are_those_of_the_table_of_errors():
    _, end = events(operation(error={"code": 8, "message": "no machine left"}))
    assert classify(end.error_code, end.error_message) == ("capacity_quota", "customer")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(NAME, at("2026-03-01T10:00:00.095"), id="the milliseconds in the name"),
        pytest.param("operation-1772359200095", at("2026-03-01T10:00:00.095"), id="the milliseconds that end the name"),
    ],
)
def test_a_start_that_is_not_told_is_inferred_from_the_name(name, expected):
    started, succeeded = events(operation(name=name, startTime=None))
    assert (started.time, started.flags) == (expected, Flag.ROLL | Flag.INFERRED)
    assert succeeded.flags == Flag.ROLL
    for status in ("PENDING", "RUNNING"):
        [event] = events(operation(name=name, status=status, startTime=None, endTime=None))
        assert (event.time, event.flags) == (expected, Flag.ROLL | Flag.INFERRED)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("operation-upgrade", id="without a number"),
        pytest.param("operation-17723592000951234567-ab", id="with another number"),
        pytest.param("my-operation-1772359200095-ab", id="of another form"),
        pytest.param("operation-999999999999-ab", id="of before there was Kubernetes"),
        pytest.param("operation-1900000000000-ab", id="of the future"),
    ],
)
def test_a_name_that_tells_no_believable_time_tells_none(name):
    assert [event.type for event in events(operation(name=name, startTime=None))] == ["succeeded"]
    running = operation(name=name, status="RUNNING", startTime=None)
    assert interpret(running, delivery_day=DAY) == Refused("missing_field:startTime")
    refused = operation(name=name, startTime=None, endTime=None, statusMessage="no")
    assert interpret(refused, delivery_day=DAY) == Refused("missing_field:endTime")


def test_a_failure_without_times_came_before_anything_was_touched_and_has_no_duration():
    message = "Desired node version (1.9.0) cannot be greater than current master version (1.8.6)"
    [failed] = events(operation(startTime=None, endTime=None, statusMessage=message))
    assert (failed.type, failed.time) == ("failed", at("2026-03-01T10:00:00.095"))
    assert failed.flags == Flag.ROLL | Flag.INFERRED | Flag.PREFLIGHT
    assert failed.error_message == message
    assert classify(failed.error_code, failed.error_message) == ("version_compat", "customer")


def test_a_cancellation_without_times_is_no_failure_at_all():
    [cancelled] = events(operation(**MASTER, startTime=None, endTime=None, error={"code": 1}))
    assert (cancelled.type, cancelled.flags) == ("cancelled", Flag.INFERRED)


def test_a_failure_with_a_start_was_no_preflight():
    started, failed = events(operation(error={"code": 13}))
    assert not (started.flags | failed.flags) & Flag.PREFLIGHT


@pytest.mark.parametrize(
    ("change", "is_suspected"),
    [
        pytest.param({"endTime": "2026-03-01T10:00:13.383486Z"}, True, id="nodes of a pool are not replaced in 13 s"),
        pytest.param({"endTime": "2026-03-01T10:01:00.095147Z"}, False, id="a minute may do"),
        pytest.param({"endTime": "2026-03-01T10:00:13Z", **MASTER}, False, id="a control plane has no nodes"),
        pytest.param({"endTime": "2026-03-01T10:00:13Z", "error": {"code": 13}}, False, id="a failure may be quick"),
    ],
)
def test_a_pool_that_succeeds_at_once_is_suspected_to_have_done_nothing(change, is_suspected):
    started, end = events(operation(**change))
    assert bool(end.flags & Flag.SUSPECTED_NOOP) is is_suspected
    assert not started.flags & Flag.SUSPECTED_NOOP


def test_a_noop_right_after_a_real_upgrade_is_another_operation():
    again = operation(name="operation-1772361010000-ffff", startTime="2026-03-01T10:30:10Z", endTime="2026-03-01T10:30:20Z")
    ids = {event.operation_id for record in (operation(), again) for event in events(record)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param({"location": "us-central1-c"}, "us-central1", id="a location that is a zone"),
        pytest.param({"location": None, "zone": "europe-west1-c"}, "europe-west1", id="the older field"),
        pytest.param({"location": "us-east1", "zone": "us-east1-b"}, "us-east1", id="the newer field of both"),
        pytest.param({"location": None}, "us-central1", id="the target's, when the operation names none"),
    ],
)
def test_the_region_of_an_operation_is(place, expected):
    assert {event.region for event in events(operation(**place))} == {expected}


def test_an_operation_is_the_same_whether_its_place_is_called_location_or_zone():
    [one] = events(operation(status="RUNNING", location="us-central1-c"))
    [other] = events(operation(status="RUNNING", location=None, zone="us-central1-c"))
    assert one.id == other.id


def test_a_project_stays_the_number_or_the_id_that_it_is():
    link = f"{API}projects/my-project/zones/us-central1-c/clusters/c1/nodePools/np1"
    assert events(operation(targetLink=link))[0].cluster_id == "projects/my-project/locations/us-central1-c/clusters/c1"


def test_pools_of_one_name_in_two_clusters_are_two_pools():
    other = operation(name="operation-1772359200096-ab", targetLink=f"{API}{CLUSTER[:-1]}2/nodePools/np1")
    found = {(event.cluster_id, event.node_pool) for record in (operation(), other) for event in events(record)}
    assert found == {(CLUSTER, "np1"), (f"{CLUSTER[:-1]}2", "np1")}


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": "3"}]}, 3, id="a text of digits"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": 3}]}, 3, id="a number"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": "0"}]}, 0, id="none at all"),
        pytest.param({"metrics": [{"name": "NODES_DONE", "intValue": "3"}]}, None, id="another metric"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": "-3"}]}, None, id="less than none"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": "३"}]}, None, id="other digits"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": "9" * 19}]}, None, id="more than can be counted"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL", "intValue": True}]}, None, id="no number"),
        pytest.param({"metrics": [{"name": "NODES_TOTAL"}]}, None, id="no value"),
        pytest.param({"metrics": [None, 5]}, None, id="metrics of another form"),
        pytest.param({"metrics": {}}, None, id="no list of metrics"),
        pytest.param(100, None, id="no object"),
    ],
)
def test_the_nodes_are_counted_when_the_progress_says_how_many(progress, expected):
    assert {event.node_count for event in events(operation(progress=progress))} == {expected}


@pytest.mark.parametrize(
    "other",
    [
        "CREATE_CLUSTER",
        "DELETE_NODE_POOL",
        "SET_LABELS",
        "UPDATE_CLUSTER",
        "REPAIR_CLUSTER",
        "AUTO_REPAIR_NODES",
        "RESIZE_CLUSTER",
    ],
)
def test_operations_that_upgrade_nothing_are_no_upgrades_whatever_else_they_say(other):
    record = {"operationType": other, "status": 7, "startTime": "soon"}
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("other_operation")


def test_an_operation_of_compute_engine_is_no_upgrade():
    record = {"kind": "compute#operation", "operationType": "insert", "name": "x", "user": "jo@example.com"}
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("compute_operation")


def test_a_list_of_operations_is_seen_when_the_collector_says():
    content = json.dumps({"collected_at": "2026-03-01T12:00:00Z", "operations": [operation(), operation(**MASTER)]}).encode()
    read = list(records(io.BytesIO(content), name="poll.json", counts=Counts()))
    found = [event for record in read for event in events(record.value)]  # type: ignore[arg-type]
    assert len(found) == 4
    assert {event.observed_at for event in found} == {at("2026-03-01T12:00:00")}
    assert {event.observed_at for event in events(operation())} == {at("2026-03-02T00:00:00")}
    assert [event.id for event in found[:2]] == [event.id for event in events(operation())]


def test_users_go_nowhere_and_messages_are_masked():
    message = "ask jo@example.com at 10.1.2.3 about pod shop/cart-0 " + "x" * 3_000
    record = operation(user="MARKER", detail="MARKER", error={"code": 13, "message": message, "details": ["MARKER"]})
    _, failed = events(record)
    assert "MARKER" not in repr(events(record))
    assert failed.error_message is not None
    assert failed.error_message.startswith("ask <email> at <ip> about pod <name> xxx")
    assert len(failed.error_message) == 2_000


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({}, "missing_field:operationType", id="nothing at all"),
        pytest.param(operation(operationType=None), "missing_field:operationType", id="no type"),
        pytest.param(operation(operationType=""), "missing_field:operationType", id="an empty type"),
        pytest.param(operation(operationType=5), "invalid_type:operationType", id="a type that is no text"),
        pytest.param(operation(name=None), "missing_field:name", id="no name"),
        pytest.param(operation(status=None), "missing_field:status", id="no status"),
        pytest.param(operation(status="STATUS_UNSPECIFIED"), "invalid_value:status", id="an unknown status"),
        pytest.param(operation(status=["DONE"]), "invalid_type:status", id="a status that is no text"),
        pytest.param(operation(targetLink=None), "missing_field:targetLink", id="no target"),
        pytest.param(operation(targetLink="np1"), "invalid_value:targetLink", id="a target that is no path"),
        pytest.param(operation(location=5), "invalid_type:location", id="a location that is no text"),
        pytest.param(operation(startTime="2026-03-01T10:00:00"), "invalid_time", id="a start without an offset"),
        pytest.param(operation(startTime={}), "invalid_time", id="a start that is no time"),
        pytest.param(operation(endTime="2026-03-05T00:00:00Z"), "time_out_of_range", id="an end to come"),
        pytest.param(operation(endTime=None), "missing_field:endTime", id="done without an end"),
        pytest.param(operation(startTime=None, endTime=None), "missing_field:endTime", id="succeeded without times"),
        pytest.param(operation(endTime=None, error={"code": 13}), "missing_field:endTime", id="failed without an end"),
        pytest.param(operation(error="broken"), "invalid_type:error", id="an error that is no object"),
        pytest.param(operation(error={"code": "9"}), "invalid_type:error.code", id="a code that is no number"),
        pytest.param(operation(error={"code": True}), "invalid_type:error.code", id="a code that is true"),
        pytest.param(operation(error={"code": 10**6000}), "invalid_value:error.code", id="a code of 6,000 digits"),
        pytest.param(operation(error={"code": -1}), "invalid_value:error.code", id="a code below nought"),
        pytest.param(operation(statusMessage=["x"]), "invalid_type:statusMessage", id="a message that is no text"),
        pytest.param(operation(collected_at="noon"), "invalid_value:collected_at", id="a stamp that is no time"),
        pytest.param(details(resource=None), "missing_field:resource", id="details of nothing"),
        pytest.param(details(resource="c1"), "invalid_value:resource", id="details of what is no path"),
        pytest.param(details(state="PAUSED"), "invalid_value:state", id="an unknown state"),
        pytest.param(details(state=3), "invalid_type:state", id="a state that is no text"),
        pytest.param(details(endTime=None), "missing_field:endTime", id="details of an end without its time"),
        pytest.param(details(state="RUNNING", startTime=None), "missing_field:startTime", id="running since nobody knows when"),
        pytest.param(details(targetVersion=1.31), "invalid_type:targetVersion", id="a version as a number"),
        pytest.param(details(observed_at=[]), "invalid_value:observed_at", id="details with a stamp that is no time"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


def test_details_tell_versions_and_who_started_the_upgrade():
    started, succeeded = events(details())
    assert (started.type, started.time) == ("started", at("2026-03-01T10:00:00.5"))
    assert (succeeded.type, succeeded.time) == ("succeeded", at("2026-03-01T10:20:00"))
    for event in (started, succeeded):
        assert event.operation_id.startswith("gke_details:")
        assert (event.cluster_id, event.scope, event.node_pool, event.region) == (CLUSTER, "control_plane", None, "us-central1")
        assert (event.from_version, event.to_version) == ("1.30.5-gke.1014001", "1.31.2-gke.1115000")
        assert (event.trigger, event.provider, event.thread, event.flags) == ("auto_channel", "gke", "gke", 0)
    assert started.operation_id == succeeded.operation_id


def test_details_of_a_pool_are_of_that_pool():
    for event in events(details(resource="projects/123/zones/us-central1-c/clusters/c1/nodePools/np1")):
        assert (event.scope, event.node_pool, event.region) == ("node_pool", "np1", "us-central1")
        assert event.cluster_id == "projects/123/locations/us-central1-c/clusters/c1"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"state": "FAILED"}, ["started", "failed"], id="failed"),
        pytest.param({"state": "CANCELED"}, ["started", "cancelled"], id="cancelled"),
        pytest.param({"state": "RUNNING", "endTime": None}, ["started"], id="running"),
        pytest.param({"state": "UNKNOWN"}, ["started"], id="of an unknown state, which has started all the same"),
        pytest.param({"state": None}, ["started"], id="without a state, which is how Google writes the unknown one"),
        pytest.param({"state": "FAILED", "startTime": None}, ["failed"], id="failed without a start"),
    ],
)
def test_details_tell_what_happened(change, expected):
    assert [event.type for event in events(details(**change))] == expected


@pytest.mark.parametrize(
    ("start_type", "expected"),
    [("AUTOMATIC", "auto_channel"), ("MANUAL", "manual"), ("START_TYPE_UNSPECIFIED", None), (None, None), (["MANUAL"], None)],
)
def test_the_trigger_is_the_start_type_where_that_says_something(start_type, expected):
    assert {event.trigger for event in events(details(startType=start_type))} == {expected}


def test_the_polls_of_details_are_one_operation():
    running, done = details(state="RUNNING", endTime=None), details()
    [started] = events(running)
    assert events(done, DAY + timedelta(days=1))[0].id == started.id
    another = events(details(startTime="2026-03-01T09:00:00Z"))
    assert another[0].operation_id != started.operation_id


def test_an_operation_and_its_notification_are_one_operation():
    payload = {
        "resourceType": "NODE_POOL",
        "operation": NAME,
        "operationStartTime": "2026-03-01T10:00:00.095147203Z",
        "currentVersion": "1.30.5-gke.1014001",
        "targetVersion": "1.31.2-gke.1115000",
        "resource": "projects/my-project/locations/us-central1/clusters/c1/nodePools/np1",
    }
    attributes = {
        "project_id": "123",
        "cluster_location": "us-central1",
        "cluster_name": "c1",
        "type_url": "type.googleapis.com/google.container.v1beta1.UpgradeEvent",
        "payload": json.dumps(payload),
    }
    outcome = interpret_notification({"attributes": attributes}, delivery_day=DAY)
    assert isinstance(outcome, Accepted)
    found = {(event.cluster_id, event.operation_id, event.node_pool) for event in (*outcome.events, *events(operation()))}
    assert len(found) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(["DONE", "RUNNING", "FAILED", "UPGRADE_MASTER", "operation-1772359200095", "9", "2026-03-01T10:00:00Z"])


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A record of which up to three fields, at any depth, are gone or hold something else."""
    record = copy.deepcopy(draw(st.sampled_from([operation(), operation(error={"code": 9, "message": "x"}), details()])))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = record
        while holder:
            key = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            if isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans()):
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
            assert kind in ("other_operation", "compute_operation")
