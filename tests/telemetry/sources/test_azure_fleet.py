"""Update runs are polled: a run is seen while it waits, runs and is over, stale, twice, and by its properties alone."""

import io
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources import Accepted, NotAnUpgrade, Refused
from assets.telemetry.sources.azure_fleet import interpret
from assets.telemetry.sources.envelopes import Counts, records
from assets.telemetry.sources.identity import h

DAY = date(2026, 3, 1)
# A character too many for a GUID; such ids are real.
SUBSCRIPTION = "/subscriptions/75ab1c0de-0000-4000-8000-000000000001"
CLUSTER_PATH = f"{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/Shop"
CLUSTER = f"{SUBSCRIPTION}/resourcegroups/rg-shop/providers/microsoft.containerservice/managedclusters/shop"
RUN_PATH = "/subscriptions/5ab1/resourceGroups/rg-fleet/providers/Microsoft.ContainerService/fleets/f1/updateRuns/Run-7"
RUN = "/subscriptions/5ab1/resourcegroups/rg-fleet/providers/microsoft.containerservice/fleets/f1/updateruns/run-7"
FULL = {"type": "Full", "kubernetesVersion": "1.34.1"}
KEY = (RUN, "canary", "g1", "m1")
LEFT_OUT = (
    'Skipped upgrade of following agent pool(s): current node image version "AKSWindows-2022-2" of agent pool "win" is already '
    'at or ahead of target upgrade version "AKSWindows-2022-1".'
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-01T{text}")


def member(state: Any, start: str | None = None, end: str | None = None, *, error: Any = None, **more: Any) -> dict[str, Any]:
    """A member on the first of March, with times to eight digits."""
    status = {
        "state": state,
        "startTime": start and f"2026-03-01T{start}.51815878Z",
        "completedTime": end and f"2026-03-01T{end}.277945575Z",
    }
    return {"name": "m1", "clusterResourceId": CLUSTER_PATH, "status": status | ({"error": error} if error else {})} | more


def done(**more: Any) -> dict[str, Any]:
    return member("Completed", "10:00:00", "10:40:00", operationId="op-1", **more)


def run(*members: Any, upgrade: Any = FULL, **more: Any) -> dict[str, Any]:
    """A run of one stage and one group that began at nine, whatever its members do."""
    stage = {"name": "canary", "groups": [{"name": "g1", "status": {"state": "Pending"}, "members": list(members)}]}
    status = {"status": {"state": "Pending", "startTime": "2026-03-01T09:00:00Z"}, "stages": [stage]}
    return {
        "id": RUN_PATH,
        "name": "Run-7",
        "type": "Microsoft.ContainerService/fleets/updateRuns",
        "systemData": {"createdBy": "MARKER"},
        "properties": {"managedClusterUpdate": {"upgrade": upgrade}, "status": status},
    } | more


def with_status(record: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The run with other fields of its status."""
    properties = record["properties"]
    return record | {"properties": properties | {"status": properties["status"] | more}}


def events(record: dict[str, Any], day: date = DAY) -> tuple[Event, ...]:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    return outcome.events


def facts(record: dict[str, Any]) -> list[tuple[str, datetime]]:
    return [(event.type, event.time) for event in events(record)]


def states(polls: Iterable[tuple[dict[str, Any], date]]) -> dict[str, str]:
    """The state of each operation after these polls, in the plainest way."""
    found = [event for record, day in polls for event in events(record, day)]
    state: dict[str, str] = {}
    for event in sorted(found, key=lambda event: (event.observed_at, event.time)):
        if event.type not in ("scheduled", "started") or event.operation_id not in state:
            state[event.operation_id] = event.type
        elif event.type == "started" and state[event.operation_id] == "scheduled":
            state[event.operation_id] = "started"
    return state


def test_a_completed_member_is_an_upgrade_of_its_cluster():
    started, succeeded = events(run(done()))
    assert (started.type, started.time) == ("started", at("10:00:00.518158"))
    assert (succeeded.type, succeeded.time) == ("succeeded", at("10:40:00.277945"))
    for event in (started, succeeded):
        assert event.operation_id == "azure_fleet:" + h(*KEY)
        assert (event.cluster_id, event.scope, event.provider, event.node_pool) == (CLUSTER, "cluster", "aks", None)
        assert (event.upgrade_id, event.to_version, event.trigger) == (RUN, "1.34.1", "manual")
        assert (event.thread, event.flags, event.region, event.error_code) == ("azure", 0, None, None)
        assert event.source == f"/upgradeslo/azure_fleet/{CLUSTER}"
        assert event.observed_at == datetime.fromisoformat("2026-03-02T00:00:00")


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(member("NotStarted"), [("scheduled", at("09:00:00"))], id="waiting since the run began"),
        pytest.param(member("Pending", "09:30:00"), [("scheduled", at("09:30:00.518158"))], id="waiting since its turn came"),
        pytest.param(member("Running", "10:00:00"), [("started", at("10:00:00.518158"))], id="running"),
        pytest.param(member("Stopping", "10:00:00"), [("started", at("10:00:00.518158"))], id="still running while it stops"),
        pytest.param(
            member("Failed", "10:00:00", "10:40:00"),
            [("started", at("10:00:00.518158")), ("failed", at("10:40:00.277945"))],
            id="failed",
        ),
        pytest.param(member("Failed", None, "10:40:00"), [("failed", at("10:40:00.277945"))], id="failed without a start"),
        pytest.param(member("Skipped", "10:00:00", "10:00:01"), [("skipped", at("10:00:01.277945"))], id="skipped"),
        pytest.param(member("Skipped"), [("skipped", at("09:00:00"))], id="skipped before its turn came"),
        pytest.param(
            member("Stopped", "10:00:00", "10:40:00", operationId="op-1"),
            [("started", at("10:00:00.518158")), ("cancelled", at("10:40:00.277945"))],
            id="stopped under way",
        ),
        pytest.param(
            member("Stopped", "10:00:00", "10:40:00"), [("cancelled", at("10:40:00.277945"))], id="stopped while it waited"
        ),
        pytest.param(member("Stopped"), [("cancelled", at("09:00:00"))], id="stopped before its turn came"),
    ],
)
def test_a_member_is(of, expected):
    assert facts(run(of)) == expected


def test_a_member_is_not_what_its_group_its_stage_and_its_run_are():
    failed = member("Failed", "10:00:00", "10:10:00", name="m2")
    record = with_status(run(done(), failed), status={"state": "Completed", "startTime": "2026-03-01T09:00:00Z"}, failureCount=1)
    assert sorted(event.type for event in events(record)) == ["failed", "started", "started", "succeeded"]


@pytest.mark.parametrize(
    ("upgrade", "scope", "to_version"),
    [
        pytest.param(FULL, "cluster", "1.34.1", id="everything"),
        pytest.param({"type": "ControlPlaneOnly", "kubernetesVersion": "1.34.1"}, "control_plane", "1.34.1", id="control plane"),
        pytest.param({"type": "NodeImageOnly"}, "node_image", None, id="images"),
    ],
)
def test_a_run_upgrades(upgrade, scope, to_version):
    assert {(event.scope, event.to_version) for event in events(run(done(), upgrade=upgrade))} == {(scope, to_version)}


@pytest.mark.parametrize(
    ("selected", "to_version"),
    [
        pytest.param([{"version": "AKSUbuntu-2204-1"}], "AKSUbuntu-2204-1", id="one image is for every pool"),
        pytest.param(
            [{"version": "AKSUbuntu-2204-1"}, {"version": "AKSWindows-2022-1"}], None, id="two images are for some each"
        ),
        pytest.param([], None, id="none is known"),
        pytest.param(["AKSUbuntu-2204-1"], None, id="malformed evidence is none"),
        pytest.param([{"version": 7}], None, id="a number is no version"),
        pytest.param("AKSUbuntu-2204-1", None, id="text is no list"),
    ],
)
def test_the_version_of_an_image_upgrade_is_the_selected_image(selected, to_version):
    record = with_status(
        run(done(), upgrade={"type": "NodeImageOnly"}), nodeImageSelection={"selectedNodeImageVersions": selected}
    )
    assert {event.to_version for event in events(record)} == {to_version}


def test_a_run_of_an_auto_upgrade_profile_is_automatic():
    record = run(done())
    record["properties"]["autoUpgradeProfileId"] = "/subscriptions/5ab1/fleets/f1/autoUpgradeProfiles/p1"
    assert {event.trigger for event in events(record)} == {"auto_channel"}


def test_a_waiting_member_keeps_its_error_without_having_failed():
    text = 'target upgrade node image version "AKSUbuntu-2204-1" for agent pool pool is not available in region "North Europe" \n'
    waiting = member(
        "Pending", "09:30:00", error={"code": "NodeImageVersionNotAvailable", "message": text}, message="set to Pending"
    )
    [event] = events(run(waiting))
    assert (event.type, event.error_code, event.error_message) == ("scheduled", "NodeImageVersionNotAvailable", text)
    assert (event.region, event.flags) == ("northeurope", 0)


def test_a_failure_has_the_innermost_error():
    drain = {"code": "PodDrainFailure", "message": "pod shop/cart-0 cannot be evicted"}
    error = {"code": "UpgradeFailed", "message": "see details", "details": [{"code": "", "details": [drain]}, {"code": "Other"}]}
    started, failed = events(run(member("Failed", "10:00:00", "10:40:00", error=error)))
    assert (started.error_code, started.error_message) == (None, None)
    assert (failed.error_code, failed.error_message, failed.flags) == ("PodDrainFailure", "pod <name> cannot be evicted", 0)


def test_a_failure_at_the_door_is_marked():
    error = {"code": "UnsatisfiablePDB"}
    started, failed = events(run(member("Failed", "10:00:00", "10:40:00", error=error)))
    assert (started.flags, failed.flags) == (0, Flag.PREFLIGHT)
    assert [event.flags for event in events(run(member("Running", "10:00:00", error=error)))] == [0]


def test_a_failure_without_an_error_has_the_members_message():
    failed = events(run(member("Failed", None, "10:40:00", message="quota exceeded")))[0]
    assert (failed.error_code, failed.error_message) == (None, "quota exceeded")


@pytest.mark.parametrize("error", ["text", [1], {"code": 5, "message": {}, "details": {}}, {"details": ["x"]}], ids=str)
def test_a_malformed_error_is_none(error):
    event = events(run(member("Failed", None, "10:40:00", error=error)))[0]
    assert (event.type, event.error_code, event.error_message) == ("failed", None, None)


def test_success_has_no_error():
    succeeded = events(run(done(error={"code": "Old", "message": "resolved"})))[1]
    assert (succeeded.type, succeeded.error_code, succeeded.error_message) == ("succeeded", None, None)


def test_a_pool_that_was_left_out_is_a_skipped_operation_of_its_own():
    started, succeeded, skipped = events(run(done(message=LEFT_OUT), upgrade={"type": "NodeImageOnly"}))
    assert (started.type, succeeded.type, skipped.type) == ("started", "succeeded", "skipped")
    assert skipped.operation_id == "azure_fleet:" + h(*KEY, "win")
    assert (skipped.node_pool, skipped.scope, skipped.time) == ("win", "node_image", at("10:40:00.277945"))
    assert (skipped.from_version, skipped.to_version) == ("AKSWindows-2022-2", "AKSWindows-2022-1")
    assert (skipped.upgrade_id, skipped.cluster_id, skipped.thread) == (RUN, CLUSTER, "azure")


def test_every_pool_that_was_left_out_is_named_once_in_any_wording():
    message = f'{LEFT_OUT} agent pool "Gpu" is cordoned, agent pool "win" again'
    left_out = [event for event in events(run(done(message=message))) if event.node_pool]
    assert [(event.type, event.node_pool, event.scope) for event in left_out] == [
        ("skipped", "win", "node_image"),
        ("skipped", "gpu", "node_image"),
    ]
    assert (left_out[1].from_version, left_out[1].to_version) == (None, None)


def test_pools_in_other_messages_were_not_left_out():
    assert len(events(run(done(message='agent pool "win" was upgraded')))) == 2


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(
            member("Completed", "10:00:00", "10:40:00", message=LEFT_OUT), id="no operation was ever begun on its cluster"
        ),
        pytest.param(done(message='Skipped upgrade of all agent pools: agent pool "win" is current'), id="it says so"),
    ],
)
def test_a_member_of_which_every_pool_was_left_out_is_skipped(of):
    found = events(run(of))
    assert [(event.type, event.node_pool, event.time) for event in found] == [
        ("skipped", None, at("10:40:00.277945")),
        ("skipped", "win", at("10:40:00.277945")),
    ]


def test_a_member_without_an_operation_that_names_no_pool_as_left_out_is_completed():
    assert [event.type for event in events(run(member("Completed", "10:00:00", "10:40:00")))] == ["started", "succeeded"]


def test_the_polls_of_a_run_are_one_operation_in_any_order_and_a_stale_one_changes_nothing():
    polls = [
        (run(member("NotStarted")), DAY),
        (run(member("Pending", "09:30:00", error={"code": "NodeImageVersionNotAvailable"})), DAY + timedelta(days=1)),
        (run(member("Running", "10:00:00", operationId="op-1")), DAY + timedelta(days=2)),
        (run(done()), DAY + timedelta(days=3)),
    ]
    for order in (polls, polls[::-1], polls + polls, [*polls, (polls[2][0], DAY + timedelta(days=9))]):
        assert states(order) == {"azure_fleet:" + h(*KEY): "succeeded"}
    assert states(polls[:3]) == {"azure_fleet:" + h(*KEY): "started"}


def test_the_same_poll_delivered_later_gives_the_same_events():
    record = run(done(message=LEFT_OUT))
    later = events(record, DAY + timedelta(days=5))
    assert [event.id for event in later] == [event.id for event in events(record)]
    assert {event.observed_at for event in later} == {datetime.fromisoformat("2026-03-07T00:00:00")}


def test_a_run_that_is_made_anew_is_another_upgrade():
    again = events(run(done(), id=RUN_PATH.replace("Run-7", "Run-8")))
    assert {event.operation_id for event in again}.isdisjoint({event.operation_id for event in events(run(done()))})


def test_members_are_told_apart_by_stage_group_and_name():
    def stage(name: str, group: str, of: str) -> dict[str, Any]:
        return {"name": name, "groups": [{"name": group, "members": [member("Running", "10:00:00", name=of)]}]}

    stages = [stage("a", "b", "c"), stage("x", "b", "c"), stage("a", "x", "c"), stage("a", "b", "x")]
    assert len({event.operation_id for event in events(with_status(run(), stages=stages))}) == 4


def test_the_collector_says_when_a_run_was_seen():
    for stamp in ("collected_at", "observed_at"):
        [event] = events(run(member("NotStarted"), **{stamp: "2026-03-01T12:00:00+02:00"}))
        assert event.observed_at == at("10:00:00")


def test_ids_and_types_are_read_in_any_case():
    shouted = run(done(), id=f" {RUN_PATH.upper()}/ ", type="MICROSOFT.CONTAINERSERVICE/FLEETS/UPDATERUNS")
    assert events(shouted) == events(run(done()))


def test_properties_may_be_text_or_the_record_itself():
    record = run(done())
    expected = events(record)
    assert events(record | {"properties": json.dumps(record["properties"])}) == expected
    assert events({"id": RUN_PATH} | record["properties"]) == expected


def test_a_run_without_an_id_is_known_by_its_strategy_and_start():
    strategy = "/subscriptions/5ab1/fleets/f1/updateStrategies/Safe"
    [event] = events(run(member("NotStarted"))["properties"] | {"updateStrategyId": strategy})
    run_id = h(strategy.lower(), "2026-03-01T09:00:00.000000Z")
    assert (event.upgrade_id, event.operation_id) == (run_id, "azure_fleet:" + h(run_id, *KEY[1:]))
    unstarted = with_status(run(member("NotStarted")), status={"state": "NotStarted"})["properties"]
    assert interpret(unstarted | {"updateStrategyId": strategy}, delivery_day=DAY) == Refused("missing_field:id")


def test_rows_of_a_query_are_runs():
    content = json.dumps({"count": 2, "data": [run(done()), run(member("NotStarted", name="m2"))]}).encode()
    read = list(records(io.BytesIO(content), name="runs.json", counts=Counts()))
    assert [len(events(record.value)) for record in read if isinstance(record.value, dict)] == [2, 1]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"eventType": "Microsoft.ResourceNotifications.AksResources.FleetGateCreated", "data": {}}, id="created"),
        pytest.param({"eventType": "Microsoft.ResourceNotifications.AKSResources.FleetGateUpdated"}, id="updated"),
        pytest.param({"type": "Microsoft.ResourceNotifications.AKSResources.FleetGateCreated"}, id="as a CloudEvent"),
        pytest.param({"type": "microsoft.containerservice/fleets/gates", "properties": {"state": "Pending"}}, id="as a row"),
    ],
)
def test_a_gate_is_no_upgrade(record):
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("gate")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(run(), id="without members"),
        pytest.param(
            with_status(run(member("NotStarted"), member("Skipped")), status={"state": "NotStarted"}), id="without times"
        ),
        pytest.param({"id": RUN_PATH, "managedClusterUpdate": {"upgrade": FULL}}, id="without a status"),
    ],
)
def test_a_run_that_has_not_begun_is_no_upgrade_yet(record):
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("not_started")


def broken(**change: Any) -> dict[str, Any]:
    return run(done() | change)


def in_status(**change: Any) -> dict[str, Any]:
    return broken(status=done()["status"] | change)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({}, "missing_field:managedClusterUpdate", id="nothing"),
        pytest.param({"type": "microsoft.containerservice/fleets/members"}, "invalid_value:type", id="another resource"),
        pytest.param({"eventType": "Microsoft.Other"}, "invalid_value:eventType", id="another event"),
        pytest.param({"type": 5}, "invalid_type:type", id="a type that is no text"),
        pytest.param(run(properties=None), "missing_field:properties", id="no properties"),
        pytest.param(run(properties="{"), "invalid_value:properties", id="properties that are no JSON"),
        pytest.param(run(properties="[]"), "invalid_type:properties", id="properties that are no object"),
        pytest.param(run(upgrade=None), "missing_field:managedClusterUpdate.upgrade", id="no upgrade"),
        pytest.param(run(upgrade={}), "missing_field:managedClusterUpdate.upgrade.type", id="no type of upgrade"),
        pytest.param(run(upgrade={"type": "Some"}), "invalid_value:managedClusterUpdate.upgrade.type", id="an unknown type"),
        pytest.param(
            run(upgrade=FULL | {"kubernetesVersion": 1.34}),
            "invalid_type:managedClusterUpdate.upgrade.kubernetesVersion",
            id="a version that is no text",
        ),
        pytest.param(with_status(run(), stages={}), "invalid_type:status.stages", id="stages that are no list"),
        pytest.param(with_status(run(), stages=[1]), "invalid_type:status.stages", id="a stage that is no object"),
        pytest.param(with_status(run(), status=[]), "invalid_type:status.status", id="a status that is no object"),
        pytest.param(run("m1"), "invalid_type:status.stages.groups.members", id="a member that is no object"),
        pytest.param(broken(name=None), "missing_field:status.stages.groups.members.name", id="no name"),
        pytest.param(
            broken(clusterResourceId=None), "missing_field:status.stages.groups.members.clusterResourceId", id="no cluster"
        ),
        pytest.param(
            broken(clusterResourceId="/subscriptions/5ab1"),
            "invalid_value:status.stages.groups.members.clusterResourceId",
            id="no cluster's id",
        ),
        pytest.param(broken(status=None), "missing_field:status.stages.groups.members.status", id="no status of a member"),
        pytest.param(in_status(state=None), "missing_field:status.stages.groups.members.status.state", id="no state"),
        pytest.param(in_status(state="Done"), "invalid_value:status.stages.groups.members.status.state", id="an unknown state"),
        pytest.param(
            in_status(completedTime=None), "missing_field:status.stages.groups.members.status.completedTime", id="no end"
        ),
        pytest.param(
            run(member("Running")), "missing_field:status.stages.groups.members.status.startTime", id="running without a start"
        ),
        pytest.param(in_status(startTime="2026-03-01T10:00:00"), "invalid_time", id="a start without an offset"),
        pytest.param(in_status(completedTime={}), "invalid_time", id="an end that is no time"),
        pytest.param(in_status(completedTime="2026-03-09T00:00:00Z"), "time_out_of_range", id="an end to come"),
        pytest.param(run(done(), collected_at="noon"), "invalid_value:collected_at", id="a stamp that is no time"),
        pytest.param(run(done(), id=7), "invalid_type:id", id="an id that is no text"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


def test_nobody_is_named():
    error = {"code": "Code jo@example.com", "message": "jo@example.com 10.1.2.3 x75ab1c0de-0000-4000-8000-000000000001"}
    record = run(
        member("Failed", "10:00:00", "10:40:00", error=error, identity="MARKER"), tags={"owner": "MARKER"}, caller="MARKER"
    )
    found = repr(events(record))
    assert "MARKER" not in found
    assert "jo@example.com" not in found
    assert "10.1.2.3" not in found


def test_what_sixty_members_say_is_told_oldest_first():
    members = [member("Running", f"10:{59 - n:02}:00", name=f"m{n}") for n in range(60)]
    times = [event.time for event in events(run(*members))]
    assert times == sorted(times)
    assert len(times) == 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with any of its parts, at any depth, replaced by any JSON or left out."""
    if draw(st.integers(0, 15)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {name: draw(mutated(part)) for name, part in value.items() if draw(st.integers(0, 15))}
    return [draw(mutated(part)) for part in value] if isinstance(value, list) else value


WHOLE = run(
    done(message=LEFT_OUT),
    member(
        "Failed", "10:00:00", "10:40:00", error={"code": "UpgradeFailed", "message": "x", "details": [{"code": "A"}]}, name="m2"
    ),
    member("Stopped", name="m3"),
)


@settings(max_examples=250, deadline=None)
@given(record=st.sampled_from([WHOLE, WHOLE["properties"]]).flatmap(mutated).filter(lambda record: isinstance(record, dict)))
def test_every_record_ends_in_exactly_one_outcome(record):
    outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted(found):
            assert found
        case Refused(reason):
            assert reason
        case NotAnUpgrade(kind):
            assert kind in ("gate", "not_started")
