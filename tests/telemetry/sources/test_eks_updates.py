"""EKS updates are polled and name neither their cluster nor their end: the stamp says where, the polls bound when."""

import copy
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import EARLIEST, SCOPES, TRIGGERS, TYPES, Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.eks_updates import interpret
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Refused

DAY = date(2026, 3, 1)
CREATED, POLLED = "2026-03-01T10:00:00.208000+00:00", "2026-03-01T10:40:00Z"
VERSION = {"type": "Version", "value": "1.34"}
RELEASE = {"type": "ReleaseVersion", "value": "1.34.1-20260220"}
ADDON = {"type": "AddonVersion", "value": "v1.12.1-eksbuild.2"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def polled(status: str = "InProgress", *params: Any, stamp: dict[str, Any] | None = None, **update: Any) -> dict[str, Any]:
    """A stamped update of cluster `shop`; `stamp` and `update` replace what stands there, None takes it out."""
    described = {
        "id": "7c1e",
        "status": status,
        "type": "VersionUpdate",
        "createdAt": CREATED,
        "params": list(params),
        "errors": [],
    }
    record = {"collected_at": POLLED, "account_id": "111122223333", "region": "eu-west-1", "cluster_name": "shop"} | (stamp or {})
    given = {key: value for key, value in (described | update).items() if value is not None}
    return {key: value for key, value in record.items() if value is not None} | {"update": given}


def events(record: dict[str, Any], day: date = DAY) -> tuple[Event, ...]:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    return outcome.events


def one(record: dict[str, Any]) -> Event:
    [event] = events(record)
    return event


def end(record: dict[str, Any]) -> Event:
    started, ended = events(record)
    assert started.type == "started"
    return ended


def test_an_update_in_progress_has_started_and_belongs_to_its_cluster():
    event = one(polled("InProgress", VERSION, {"type": "PlatformVersion", "value": "eks.4"}))
    assert (event.type, event.time, event.observed_at) == ("started", at("2026-03-01T10:00:00.208"), at("2026-03-01T10:40:00"))
    assert event.cluster_id == "arn:aws:eks:eu-west-1:111122223333:cluster/shop"
    assert event.source == f"/upgradeslo/eks_updates/{event.cluster_id}"
    assert (event.scope, event.provider, event.region, event.node_pool) == ("control_plane", "eks", "eu-west-1", None)
    assert (event.from_version, event.to_version, event.trigger) == (None, "1.34", "unknown")
    assert event.operation_id.startswith("eks_updates:")
    assert (event.thread, event.flags) == (None, 0)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Successful", "succeeded"), ("Failed", "failed"), ("Cancelled", "cancelled")],
)
def test_an_end_has_the_time_of_the_poll_that_saw_it_and_a_start_before_it(status, expected):
    started, ended = events(polled(status, VERSION))
    assert (started.type, started.time, started.flags) == ("started", at("2026-03-01T10:00:00.208"), 0)
    assert (ended.type, ended.time, ended.flags) == (expected, at("2026-03-01T10:40:00"), Flag.POLL_BOUND)
    assert (ended.operation_id, ended.to_version, ended.observed_at) == (started.operation_id, "1.34", ended.time)


def polls() -> Iterator[dict[str, Any]]:
    """One update, seen twice under way and twice after its end, the last time on the next day."""
    for status, seen in (
        ("InProgress", "2026-03-01T10:10:00Z"),
        ("InProgress", "2026-03-01T10:30:00Z"),
        ("Successful", "2026-03-01T10:50:00Z"),
        ("Successful", "2026-03-02T10:50:00Z"),
    ):
        yield polled(status, VERSION, stamp={"collected_at": seen})


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_polls_of_one_update_are_one_operation_in_any_order(order):
    records = list(polls())
    found = [event for number in order for event in events(records[number], DAY + timedelta(days=1))]
    assert len({event.operation_id for event in found}) == 1
    starts = {event.id: event.time for event in found if event.type == "started"}
    ends = {event.id: event for event in found if event.type == "succeeded"}
    assert list(starts.values()) == [at("2026-03-01T10:00:00.208")]
    assert min(event.time for event in ends.values()) == at("2026-03-01T10:50:00")
    assert len(ends) == 2
    assert {event.flags for event in ends.values()} == {Flag.POLL_BOUND}


def test_an_end_first_seen_on_a_later_day_is_no_exact_time():
    ended = end(polled("Successful", VERSION, stamp={"collected_at": "2026-03-03T07:00:00Z"}))
    assert (ended.time, ended.flags) == (at("2026-03-03T07:00:00"), Flag.POLL_BOUND)


def test_without_a_creation_an_update_started_when_it_was_first_seen_at_the_latest():
    first = one(polled("InProgress", VERSION, createdAt=None, stamp={"collected_at": "2026-03-01T10:10:00Z"}))
    later = events(polled("Successful", VERSION, createdAt=None))
    assert (first.time, first.flags) == (at("2026-03-01T10:10:00"), Flag.POLL_BOUND)
    seen = ("succeeded", at("2026-03-01T10:40:00"), Flag.POLL_BOUND)
    assert [(event.type, event.time, event.flags) for event in later] == [seen]
    assert {event.operation_id for event in later} == {first.operation_id}


@pytest.mark.parametrize("created", [1772359200.208, CREATED, "2026-03-01T11:00:00.2080009+01:00"])
def test_creations_are_epochs_on_the_wire_and_texts_from_the_command_line(created):
    event = one(polled("InProgress", VERSION, createdAt=created))
    assert event.time == at("2026-03-01T10:00:00.208")
    assert event.id == one(polled("InProgress", VERSION)).id


NODE_GROUP, ADDON_STAMP = {"nodegroup_name": "blue"}, {"addon_name": "coredns"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(polled("InProgress", VERSION), ("control_plane", None, "1.34"), id="a cluster"),
        pytest.param(polled("InProgress"), ("control_plane", None, None), id="a cluster, to no version that is said"),
        pytest.param(
            polled("InProgress", VERSION, RELEASE, stamp=NODE_GROUP),
            ("node_pool", "blue", "1.34"),
            id="a group, with its release",
        ),
        pytest.param(polled("InProgress", VERSION, stamp=NODE_GROUP), ("node_pool", "blue", "1.34"), id="a group"),
        pytest.param(
            polled("InProgress", RELEASE, stamp=NODE_GROUP), ("node_image", "blue", "1.34.1-20260220"), id="a group's image alone"
        ),
        pytest.param(
            polled("InProgress", {"type": "Version", "value": ""}, RELEASE, stamp=NODE_GROUP),
            ("node_image", "blue", "1.34.1-20260220"),
            id="an empty version is none",
        ),
        pytest.param(
            polled("InProgress", ADDON, type="AddonUpdate", stamp=ADDON_STAMP),
            ("addon", "coredns", "v1.12.1-eksbuild.2"),
            id="an add-on",
        ),
        pytest.param(
            polled("InProgress", ADDON, type="AddonUpdate"),
            ("addon", None, "v1.12.1-eksbuild.2"),
            id="an add-on without its name",
        ),
        pytest.param(
            polled("InProgress", ADDON, stamp=ADDON_STAMP | NODE_GROUP),
            ("addon", "coredns", "v1.12.1-eksbuild.2"),
            id="an add-on first",
        ),
        pytest.param(
            polled("InProgress", VERSION, stamp={"nodegroup_name": "", "addon_name": ""}),
            ("control_plane", None, "1.34"),
            id="empty names are none",
        ),
    ],
)
def test_what_is_upgraded_to_which_version(record, expected):
    event = one(record)
    assert (event.scope, event.node_pool, event.to_version) == expected


def test_another_launch_template_replaces_nodes_for_a_version_that_is_not_said():
    template = {"type": "LaunchTemplateVersion", "value": "7"}
    started, ended = events(polled("Successful", template, stamp=NODE_GROUP))
    assert (started.scope, started.to_version, started.flags) == ("node_pool", None, Flag.ROLL)
    assert ended.flags == Flag.ROLL | Flag.POLL_BOUND


def test_a_rollback_was_asked_for():
    started, ended = events(polled("Successful", VERSION, type="VersionRollback"))
    assert (started.trigger, ended.trigger) == ("manual", "manual")
    assert (started.flags, ended.flags) == (Flag.ROLLBACK, Flag.ROLLBACK | Flag.POLL_BOUND)


def test_one_update_id_in_two_places_is_two_operations():
    places = [
        {},
        {"cluster_name": "bank"},
        {"account_id": "444455556666"},
        {"region": "eu-west-2"},
        {"nodegroup_name": "blue"},
        {"nodegroup_name": "green"},
        {"addon_name": "blue"},
    ]
    found = [one(polled("InProgress", VERSION, ADDON, stamp=place)) for place in places]
    assert len({event.operation_id for event in found}) == len(places)
    assert len({event.cluster_id for event in found}) == 4


def test_regions_have_one_spelling():
    assert one(polled("InProgress", VERSION, stamp={"region": " EU-West-1 "})) == one(polled("InProgress", VERSION))


def error(code: Any, message: Any, *resources: Any) -> dict[str, Any]:
    return {"errorCode": code, "errorMessage": message, "resourceIds": list(resources)}


def test_the_first_of_several_errors_is_that_of_the_failure_and_not_of_the_start():
    found = [error("PodEvictionFailure", "could not evict pods"), error("NodeCreationFailure", "no nodes joined")]
    started, failed = events(polled("Failed", VERSION, errors=found))
    assert (started.error_code, started.error_message) == (None, None)
    assert (failed.error_code, failed.error_message) == ("PodEvictionFailure", "could not evict pods")


def test_a_success_has_no_error_whatever_was_in_its_way():
    succeeded = end(polled("Successful", VERSION, errors=[error("ConfigurationConflict", "conflicts were overwritten")]))
    assert (succeeded.error_code, succeeded.error_message) == (None, None)


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param(None, id="absent"),
        pytest.param([], id="empty"),
        pytest.param("broken", id="no list"),
        pytest.param([None, "broken"], id="no objects"),
        pytest.param([error(None, "")], id="empty fields"),
        pytest.param([error(7, {"a": 1})], id="fields that are no text"),
        pytest.param([{"resourceIds": "x"}], id="resources that are no list"),
    ],
)
def test_a_failure_without_an_error_that_is_understood_is_a_failure_all_the_same(errors):
    failed = end(polled("Failed", VERSION, errors=errors))
    assert (failed.type, failed.error_code, failed.error_message) == ("failed", None, None)


def test_resources_hosts_and_people_do_not_get_into_messages():
    arn = "arn:aws:iam::111122223333:role/MARKER-role"
    message = (
        "Unable to drain node/ip-10-0-3-7.eu-west-1.compute.internal, i-0MARKER1 and i-0MARKER2. "
        f"Ask MARKER@example.com about {arn} and pod shop/cart-0"
    )
    found = [error("PodEvictionFailure", message, "i-0MARKER1", 5), error("Other", "x", "i-0MARKER2", "MARKER-role")]
    failed = end(polled("Failed", VERSION, errors=found))
    assert failed.error_message == (
        "Unable to drain node/<host>, <resource> and <resource>. Ask <email> about <resource> and pod <name>"
    )


def test_nothing_that_describes_machines_or_callers_gets_into_an_event():
    hidden = {"userIdentity": "MARKER", "requestID": "MARKER", "caller": "MARKER"}
    found = [error("NodeCreationFailure", "no nodes joined", "MARKER")]
    record = polled("Failed", VERSION, errors=found, cancellation={"reason": "MARKER"}, **hidden) | hidden
    assert "MARKER" not in repr(events(record))


@pytest.mark.parametrize(
    "kind", ["ConfigUpdate", "EndpointAccessUpdate", "LoggingUpdate", "AssociateEncryptionConfig", "SomethingNew"]
)
def test_other_updates_are_no_upgrades_even_when_they_replace_nodes(kind):
    record = polled("Successful", {"type": "LaunchTemplateVersion", "value": "7"}, type=kind, stamp=NODE_GROUP)
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("update")


def test_an_add_ons_settings_are_no_upgrade_of_it():
    settings_only = {"type": "ConfigurationValues", "value": '{"replicaCount":3}'}
    record = polled("Successful", settings_only, type="AddonUpdate", stamp=ADDON_STAMP)
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("update")


def test_a_request_in_the_audit_trail_is_no_upgrade():
    record = {
        "eventVersion": "1.11",
        "eventSource": "eks.amazonaws.com",
        "eventName": "UpdateClusterVersion",
        "eventTime": "2026-03-01T10:00:00Z",
        "awsRegion": "eu-west-1",
        "userIdentity": {"arn": "arn:aws:iam::111122223333:user/someone"},
        "responseElements": {"update": {"id": "7c1e", "status": "InProgress", "type": "VersionUpdate"}},
    }
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("request")


@pytest.mark.parametrize("stamp", ["collected_at", "account_id", "region", "cluster_name"])
@pytest.mark.parametrize("value", [None, ""])
def test_without_the_whole_stamp_no_cluster_is_known(stamp, value):
    assert interpret(polled("Successful", VERSION, stamp={stamp: value}), delivery_day=DAY) == Refused("missing_cluster")


def test_a_region_of_blanks_is_none():
    assert interpret(polled("Successful", VERSION, stamp={"region": " "}), delivery_day=DAY) == Refused("missing_cluster")


def test_an_update_as_the_command_prints_it_has_no_stamp():
    record = {"update": polled("Successful", VERSION)["update"]}
    assert interpret(record, delivery_day=DAY) == Refused("missing_cluster")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(polled(stamp={"account_id": 111122223333}), "invalid_type:account_id", id="an account as a number"),
        pytest.param(polled(stamp={"region": ["eu"]}), "invalid_type:region", id="a region that is a list"),
        pytest.param(polled(stamp={"cluster_name": {}}), "invalid_type:cluster_name", id="a cluster that is an object"),
        pytest.param(polled(stamp={"nodegroup_name": 5}), "invalid_type:nodegroup_name", id="a group as a number"),
        pytest.param(polled(stamp={"addon_name": True}), "invalid_type:addon_name", id="an add-on that is true"),
        pytest.param(polled(stamp={"collected_at": "noon"}), "invalid_value:collected_at", id="a stamp that is no time"),
        pytest.param(polled(stamp={"collected_at": "2026-03-05T00:00:00Z"}), "time_out_of_range", id="a poll to come"),
        pytest.param(polled() | {"update": None}, "missing_field:update", id="no update"),
        pytest.param(polled() | {"update": []}, "invalid_type:update", id="an update that is a list"),
        pytest.param(polled(id=None), "missing_field:update.id", id="no id"),
        pytest.param(polled(id=7), "invalid_type:update.id", id="an id as a number"),
        pytest.param(polled(type=None), "missing_field:update.type", id="no type"),
        pytest.param(polled(type=1), "invalid_type:update.type", id="a type as a number"),
        pytest.param(polled(""), "missing_field:update.status", id="no status"),
        pytest.param(polled("Done"), "invalid_value:update.status", id="an unknown status"),
        pytest.param(polled(params={}), "invalid_type:update.params", id="parameters that are no list"),
        pytest.param(polled("Failed", "Version"), "invalid_type:update.params", id="a parameter that is no object"),
        pytest.param(polled("Failed", {"value": "1.34"}), "missing_field:update.params.type", id="a parameter without a type"),
        pytest.param(
            polled("Failed", {"type": "Version", "value": 1.34}), "invalid_type:update.params.value", id="a version as a number"
        ),
        pytest.param(polled(createdAt="2026-03-01T10:00:00"), "invalid_time", id="a creation without an offset"),
        pytest.param(polled(createdAt={}), "invalid_time", id="a creation that is no time"),
        pytest.param(polled(createdAt=1e300), "invalid_time", id="a creation beyond every calendar"),
        pytest.param(polled(createdAt=1.0), "time_out_of_range", id="a creation long before Kubernetes"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FULL = polled("Failed", VERSION, RELEASE, stamp=NODE_GROUP | ADDON_STAMP, errors=[error("A", "of i-1", "i-1")]) | {
    "eventSource": None
}
PATHS = [
    *((key,) for key in FULL),
    *(("update", key) for key in FULL["update"]),
    *(("update", "params", n, key) for n in range(2) for key in VERSION),
    *(("update", "errors", 0, key) for key in error("", "")),
    ("update", "params", 0),
    ("update", "errors", 0),
]


@settings(max_examples=200, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(PATHS), JSON | st.just(...), max_size=4),
    status=st.sampled_from(["InProgress", "Failed", "Cancelled", "Successful"]),
    kind=st.sampled_from(["VersionUpdate", "AddonUpdate", "VersionRollback"]),
)
def test_every_record_ends_in_exactly_one_outcome(changes, status, kind):
    record = copy.deepcopy(FULL)
    record["update"] |= {"status": status, "type": kind}
    for path in sorted(changes, key=len, reverse=True):
        *above, last = path
        holder: Any = record
        for key in above:
            holder = holder[key]
        if changes[path] is ...:
            del holder[last]
        else:
            holder[last] = changes[path]
    outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted(found):
            assert len({event.id for event in found}) == len(found) > 0
            for event in found:
                assert event.type in TYPES
                assert event.scope in SCOPES
                assert event.trigger in TRIGGERS
                assert EARLIEST <= event.time <= at("2026-03-04T00:00:00")
        case Refused(reason):
            assert reason
        case NotAnUpgrade(reason):
            assert reason


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_what_has_nothing_of_an_update_is_refused(record):
    assert interpret(record, delivery_day=DAY) == Refused("missing_cluster")
