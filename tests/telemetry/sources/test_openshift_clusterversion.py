"""ClusterVersion objects are polled: a history is delivered again and again, stale, twice, in any order."""

import io
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import EARLIEST, Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources import SOURCES, Accepted, NotAnUpgrade, Refused
from assets.telemetry.sources.envelopes import Counts, records
from assets.telemetry.sources.openshift_clusterversion import interpret
from assets.telemetry.sources.outcomes import DESCRIBED

DAY = date(2026, 3, 1)
CLUSTER = "c0ffee00-0000-4000-8000-000000000001"
DIGEST_A, DIGEST_B = "reg.example:5000/ocp/release@sha256:aaaa", "reg.example:5000/ocp/release@sha256:bbbb"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def entry(version: str, started: str, completed: str | None = None, **more: Any) -> dict[str, Any]:
    """A history entry: completed when it has an end, else partial, unless `state` says otherwise."""
    state = "Partial" if completed is None else "Completed"
    return {
        "state": state,
        "version": version,
        "image": DIGEST_A,
        "startedTime": f"{started}Z",
        "completionTime": completed and f"{completed}Z",
        "verified": True,
    } | more


INSTALL = entry("4.16.1", "2026-01-05T08:00:00", "2026-01-05T08:40:00")
FIRST = entry("4.16.2", "2026-02-01T10:00:00", "2026-02-01T10:30:00")
OPEN = entry("4.16.3", "2026-03-01T10:00:00")


def cluster_version(*history: dict[str, Any], wanted: Any = None, **status: Any) -> dict[str, Any]:
    """An object with this history, newest first."""
    spec = {"clusterID": CLUSTER, "channel": "stable-4.16"}
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterVersion",
        "metadata": {"name": "version", "managedFields": [{"manager": "MARKER"}]},
        "spec": spec | ({} if wanted is None else {"desiredUpdate": wanted}),
        "status": {"history": list(history)} | status,
    }


def failing(reason: Any, message: Any) -> list[Any]:
    return [
        {"type": "Available", "status": "True"},
        {"type": "Failing", "status": "True", "reason": reason, "message": message},
    ]


def events(record: dict[str, Any], day: date = DAY) -> tuple[Event, ...]:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    return outcome.events


def facts(record: dict[str, Any]) -> list[tuple[str, datetime]]:
    return [(event.type, event.time) for event in events(record)]


def fold(found: Iterable[Event]) -> dict[str, dict[str, Any]]:
    """Operations by id, in the plainest way: first of equal events, latest value of each attribute."""
    first: dict[str, Event] = {}
    for event in found:
        first.setdefault(event.id, event)
    operations: dict[str, dict[str, Any]] = {}
    for event in sorted(first.values(), key=lambda event: (event.observed_at, event.time, event.id)):
        operation = operations.setdefault(event.operation_id, {"state": "running", "trigger": "unknown"})
        if event.type == "started":
            operation["started_at"] = min(event.time, operation.get("started_at", event.time))
        else:
            operation["state"], operation["finished_at"] = event.type, event.time
        for name in ("from_version", "to_version", "error_code", "observed_version", "upgrade_id"):
            if getattr(event, name) is not None:
                operation[name] = getattr(event, name)
        if event.trigger not in (None, "unknown"):
            operation["trigger"] = event.trigger
    return operations


def the_operation(*records: dict[str, Any], days: Iterable[date] | None = None) -> dict[str, Any]:
    delivered = zip(records, days or [DAY] * len(records), strict=True)
    [operation] = fold(event for record, day in delivered for event in events(record, day)).values()
    return operation


def test_the_source_is_known_by_the_name_of_its_folder():
    assert SOURCES["openshift_clusterversion"].interpret({}, delivery_day=DAY) == Refused("missing_field:spec")


def test_a_completed_entry_is_an_upgrade_from_the_version_before_it():
    started, succeeded = events(cluster_version(FIRST, INSTALL))
    assert (started.type, started.time) == ("started", at("2026-02-01T10:00:00"))
    assert (succeeded.type, succeeded.time) == ("succeeded", at("2026-02-01T10:30:00"))
    for event in (started, succeeded):
        assert event.operation_id.startswith("openshift_clusterversion:")
        assert (event.cluster_id, event.scope, event.provider) == (CLUSTER, "cluster", "openshift")
        assert (event.from_version, event.to_version) == ("4.16.1", "4.16.2")
        assert (event.node_pool, event.region, event.error_code) == (None, None, None)
        assert event.source == f"/upgradeslo/openshift_clusterversion/{CLUSTER}"
        assert (event.thread, event.flags) == ("openshift", 0)
    assert (started.trigger, succeeded.observed_version) == ("unknown", "4.16.2")
    assert started.upgrade_id == succeeded.upgrade_id is not None


def test_the_installation_is_no_upgrade_even_while_it_is_running():
    assert interpret(cluster_version(INSTALL), delivery_day=DAY) == NotAnUpgrade("install")
    running = entry("4.16.1", "2026-03-01T08:00:00")
    assert interpret(cluster_version(running), delivery_day=DAY) == NotAnUpgrade("install")


def test_an_upgrade_over_an_unfinished_installation_has_no_version_to_come_from():
    unfinished = entry("4.16.1", "2026-02-28T08:00:00")
    [started] = events(cluster_version(OPEN, unfinished))
    assert (started.from_version, started.to_version) == (None, "4.16.3")


def test_the_newest_partial_entry_without_an_end_is_open():
    assert facts(cluster_version(OPEN, FIRST, INSTALL)) == [
        ("started", at("2026-02-01T10:00:00")),
        ("succeeded", at("2026-02-01T10:30:00")),
        ("started", at("2026-03-01T10:00:00")),
    ]


def test_an_absent_end_is_a_null_end():
    without_key = {key: value for key, value in OPEN.items() if key != "completionTime"}
    assert events(cluster_version(without_key, INSTALL)) == events(cluster_version(OPEN, INSTALL))


def test_a_partial_entry_with_an_end_was_superseded_then_however_late_the_next_one_came():
    given_up = entry("4.16.2", "2026-02-01T10:00:00", "2026-02-01T10:20:00", state="Partial")
    assert facts(cluster_version(OPEN, given_up, INSTALL))[1] == ("superseded", at("2026-02-01T10:20:00"))
    assert facts(cluster_version(given_up, INSTALL))[1] == ("superseded", at("2026-02-01T10:20:00"))


def test_a_partial_entry_without_an_end_was_superseded_when_the_next_one_started():
    left = entry("4.16.2", "2026-02-01T10:00:00")
    assert facts(cluster_version(OPEN, left, INSTALL)) == [
        ("started", at("2026-02-01T10:00:00")),
        ("superseded", at("2026-03-01T10:00:00")),
        ("started", at("2026-03-01T10:00:00")),
    ]


def test_only_an_end_that_follows_from_the_next_entry_is_inferred():
    left = entry("4.16.2", "2026-02-01T10:00:00")
    given_up = left | {"completionTime": "2026-02-01T10:20:00Z"}
    assert [event.flags for event in events(cluster_version(OPEN, left, INSTALL))] == [0, Flag.INFERRED, 0]
    assert [event.flags for event in events(cluster_version(OPEN, given_up, INSTALL))] == [0, 0, 0]


def test_an_upgrade_comes_from_the_nearest_older_completed_entry_not_from_the_one_before():
    given_up = entry("4.16.2", "2026-02-01T10:00:00", "2026-02-01T10:20:00", state="Partial")
    by_target = {event.to_version: event.from_version for event in events(cluster_version(OPEN, given_up, INSTALL))}
    assert by_target == {"4.16.2": "4.16.1", "4.16.3": "4.16.1"}


def test_another_image_of_the_same_version_is_no_upgrade():
    multi = entry("4.16.1", "2026-02-01T10:00:00", "2026-02-01T10:30:00", image=DIGEST_B)
    assert interpret(cluster_version(multi, INSTALL), delivery_day=DAY) == NotAnUpgrade("no_version_change")
    assert {event.to_version for event in events(cluster_version(OPEN, multi, INSTALL))} == {"4.16.3"}


def test_a_lower_version_is_an_upgrade_like_any_other_and_a_rollback():
    back = entry("4.16.0", "2026-02-01T10:00:00", "2026-02-01T10:30:00")
    found = events(cluster_version(back, INSTALL))
    assert [(event.to_version, event.flags) for event in found] == [("4.16.0", Flag.ROLLBACK)] * 2


@pytest.mark.parametrize(
    ("version", "flags"),
    [
        pytest.param("4.9.30", Flag.ROLLBACK, id="lower by number, though not by digits"),
        pytest.param("4.16.1-rc.3", Flag.ROLLBACK, id="a candidate of the version that was there"),
        pytest.param("4.17.0-ec.1", 0, id="a candidate of a later one"),
        pytest.param("", 0, id="no version to compare"),
    ],
)
def test_what_is_lower_is_told_by_the_order_of_versions(version, flags):
    [started] = events(cluster_version(entry(version, "2026-03-01T10:00:00"), INSTALL))
    assert started.flags == flags


def test_an_open_snapshot_and_a_closed_one_are_one_succeeded_operation_in_either_order():
    closed = cluster_version(entry("4.16.3", "2026-03-01T10:00:00", "2026-03-01T11:00:00"), INSTALL)
    open_ = cluster_version(OPEN, INSTALL, wanted={"version": "4.16.3"}, conditions=failing("MultipleErrors", "x"))
    next_day = DAY + timedelta(days=1)
    for order in ((open_, closed), (closed, open_), (open_, closed, open_, closed)):
        for days in ([DAY] * len(order), [DAY + timedelta(days=n) for n in range(len(order))]):
            operation = the_operation(*order, days=days)
            assert (operation["state"], operation["finished_at"]) == ("succeeded", at("2026-03-01T11:00:00"))
            assert (operation["trigger"], operation["observed_version"]) == ("manual", "4.16.3")
    assert the_operation(open_, open_, days=(DAY, next_day))["state"] == "running"


def test_the_same_snapshot_gives_the_same_events_whenever_it_is_delivered():
    snapshot = cluster_version(OPEN, FIRST, INSTALL, wanted={"version": "4.16.3"})
    later = events(snapshot, DAY + timedelta(days=5))
    assert [event.id for event in later] == [event.id for event in events(snapshot)]
    assert len({event.id for event in later}) == 3


def test_finished_upgrades_give_the_same_events_whatever_follows():
    before = events(cluster_version(FIRST, INSTALL))
    after = events(cluster_version(OPEN, FIRST, INSTALL, wanted={"version": "4.16.3"}, conditions=failing("A", "b")))
    assert [event.id for event in after[:2]] == [event.id for event in before]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(None, "unknown", id="nobody asked for a version"),
        pytest.param({"version": "4.16.3"}, "manual", id="asked for by version"),
        pytest.param({"version": "", "image": DIGEST_A}, "manual", id="asked for by image"),
        pytest.param({"version": "", "image": ""}, "unknown", id="an empty wish names nothing"),
        pytest.param({"version": "4.16.4", "image": DIGEST_B}, "unknown", id="another version is asked for"),
        pytest.param({"force": True}, "unknown", id="force asks for nothing"),
        pytest.param("4.16.3", "unknown", id="a malformed wish is no evidence"),
    ],
)
def test_an_upgrade_is_manual_when_the_wanted_update_names_it(wanted, expected):
    record = cluster_version(OPEN, FIRST, INSTALL, wanted=wanted)
    assert [event.trigger for event in events(record) if event.type == "started"] == ["unknown", expected]


def test_accepted_risks_and_prereleases_say_nothing_about_who_asked():
    nightly = entry("4.17.0-0.nightly-2026-02-01-000000", "2026-03-01T10:00:00", acceptedRisks="Everything")
    assert events(cluster_version(nightly, INSTALL))[0].trigger == "unknown"


def test_once_manual_an_upgrade_stays_manual_when_the_next_one_is_asked_for():
    first = cluster_version(entry("4.16.2", "2026-02-01T10:00:00"), INSTALL, wanted={"version": "4.16.2"})
    second = cluster_version(OPEN, FIRST, INSTALL, wanted={"version": "4.16.3"})
    for order in ((first, second), (second, first)):
        found = [event for n, record in enumerate(order) for event in events(record, DAY + timedelta(days=n))]
        assert [operation["trigger"] for operation in fold(found).values()] == ["manual", "manual"]


def test_an_older_entry_of_the_wanted_version_was_not_asked_for():
    again = entry("4.16.2", "2026-03-01T10:00:00")
    history = (again, entry("4.16.3", "2026-02-10T10:00:00", "2026-02-10T11:00:00"), FIRST, INSTALL)
    record = cluster_version(*history, wanted={"version": "4.16.2"})
    triggers = [event.trigger for event in events(record) if event.type == "started"]
    assert triggers == ["unknown", "unknown", "manual"]


def test_a_failing_condition_is_the_error_of_the_open_upgrade_which_stays_open():
    record = cluster_version(OPEN, FIRST, INSTALL, conditions=failing("ClusterOperatorDegraded", "etcd is degraded"))
    first, _, open_ = events(record)
    assert (first.error_code, first.error_message) == (None, None)
    assert (open_.type, open_.error_code, open_.error_message) == (
        "started",
        "ClusterOperatorDegraded",
        "etcd is degraded",
    )
    assert fold(events(record))[open_.operation_id]["state"] == "running"


def test_a_failing_condition_of_an_idle_cluster_belongs_to_no_upgrade():
    record = cluster_version(FIRST, INSTALL, conditions=failing("ClusterOperatorDegraded", "etcd is degraded"))
    assert {event.error_code for event in events(record)} == {None}


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([{"type": "Failing", "status": "False", "reason": "A"}], id="not failing"),
        pytest.param([{"type": "Failing", "status": "Unknown", "reason": "A"}], id="not known to fail"),
        pytest.param([{"type": "Progressing", "status": "True", "reason": "A"}], id="only progressing"),
        pytest.param([None, "Failing", {"type": "Failing", "status": True}], id="malformed"),
        pytest.param("Failing", id="no list"),
        pytest.param(failing(7, ["x"]), id="a reason that is no text"),
    ],
)
def test_without_a_failing_condition_an_open_upgrade_has_no_error(conditions):
    [started] = events(cluster_version(OPEN, INSTALL, conditions=conditions))
    assert (started.error_code, started.error_message) == (None, None)


def test_messages_are_masked_and_cut_and_managed_fields_go_nowhere():
    message = f"ask jo@example.com about {CLUSTER.upper()} and pod shop/cart-0 " + "x" * 5_000
    record = cluster_version(OPEN, INSTALL, conditions=failing("SomeReason", message))
    [started] = events(record)
    assert started.error_message is not None
    assert started.error_message.startswith(f"ask <email> about {CLUSTER.upper()} and pod <name> xxx")
    assert len(started.error_message) == 2_000
    assert "MARKER" not in repr(started)


@pytest.mark.parametrize(
    ("image", "desired", "expected"),
    [
        pytest.param(DIGEST_A, {"version": "4.16.3"}, "4.16.3", id="the version the cluster is heading for"),
        pytest.param("reg.example:5000/ocp/release:4.16.3-x86_64", {}, "4.16.3-x86_64", id="the image's tag"),
        pytest.param("release:4.16.3@sha256:aaaa", None, "4.16.3", id="the tag before a digest"),
        pytest.param("reg.example/release:4.16.4", {"version": "4.16.3"}, "4.16.3", id="heading before tag"),
        pytest.param(DIGEST_A, None, None, id="nothing, when only a digest is known"),
        pytest.param("", {"version": ""}, None, id="nothing, when all of it is empty"),
    ],
)
def test_an_entry_without_a_version_goes_to(image, desired, expected):
    record = cluster_version(entry("", "2026-03-01T10:00:00", image=image), INSTALL, desired=desired)
    assert [(event.from_version, event.to_version) for event in events(record)] == [("4.16.1", expected)]


def test_the_version_a_cluster_is_heading_for_is_not_that_of_an_older_entry():
    unnamed = entry("", "2026-02-01T10:00:00", image=DIGEST_B)
    record = cluster_version(OPEN, unnamed, INSTALL, desired={"version": "4.16.3"})
    assert [event.to_version for event in events(record)] == [None, None, "4.16.3"]


def test_an_entry_is_one_operation_while_its_version_and_image_become_known():
    first = entry("", "2026-03-01T10:00:00", image="reg.example/release:4.16.3")
    second = entry("4.16.3", "2026-03-01T10:00:00", image=DIGEST_B)
    done = entry("4.16.3", "2026-03-01T10:00:00", "2026-03-01T11:00:00", image=DIGEST_B)
    wanted = {"version": "", "image": "reg.example/release:4.16.3"}
    polls = [cluster_version(state, INSTALL, wanted=wanted) for state in (first, second, done)]
    operation = the_operation(*polls)
    assert (operation["state"], operation["to_version"], operation["trigger"]) == (
        "succeeded",
        "4.16.3",
        "manual",
    )


def test_two_entries_that_started_at_once_are_two_operations_and_the_older_keeps_its_id():
    older = entry("4.16.2", "2026-03-01T10:00:00", "2026-03-01T10:00:00", state="Partial")
    alone = events(cluster_version(older, INSTALL))
    both = events(cluster_version(OPEN, older, INSTALL))
    assert [event.operation_id for event in both[:2]] == [event.operation_id for event in alone]
    assert both[2].operation_id != both[0].operation_id
    assert both[2].time == both[0].time


def long_history(length: int) -> list[dict[str, Any]]:
    """4.15.0, 4.15.1 and so on, one a day, newest first."""
    starts = [at("2025-01-01T00:00:00") + timedelta(days=n) for n in range(length)]
    done = [entry(f"4.15.{n}", start.isoformat(), (start + timedelta(hours=1)).isoformat()) for n, start in enumerate(starts)]
    return done[::-1]


def test_a_full_history_may_lack_entries_and_its_upgrades_say_so():
    assert {event.flags for event in events(cluster_version(*long_history(99)))} == {0}
    assert {event.flags for event in events(cluster_version(*long_history(100)))} == {Flag.PRUNED}
    back = entry("4.14.0", "2026-02-01T10:00:00")
    assert events(cluster_version(back, *long_history(100)))[-1].flags == Flag.PRUNED | Flag.ROLLBACK


def test_a_history_of_a_hundred_entries_has_ninety_nine_upgrades():
    operations = fold(events(cluster_version(*long_history(100))))
    assert len(operations) == 99
    assert {operation["state"] for operation in operations.values()} == {"succeeded"}
    assert [operation["from_version"] for operation in operations.values()] == [f"4.15.{n}" for n in range(99)]


def test_a_snapshot_was_seen_at_the_end_of_its_delivery_day_unless_the_collector_says_when():
    record = cluster_version(OPEN, INSTALL)
    assert events(record)[0].observed_at == at("2026-03-02T00:00:00")
    stamped = record | {"collected_at": "2026-03-01T12:00:00.5+02:00"}
    assert events(stamped)[0].observed_at == at("2026-03-01T10:00:00.500000")
    assert events(record | {"observed_at": 1772359200})[0].observed_at == at("2026-03-01T10:00:00")
    assert events(stamped)[0].id == events(record)[0].id


@pytest.mark.parametrize(
    "status",
    [pytest.param({}, id="absent"), pytest.param(None, id="null"), pytest.param({"history": []}, id="empty")],
)
def test_an_object_seen_before_its_first_entry_is_no_upgrade(status):
    record = cluster_version() | {"status": status}
    assert interpret(record, delivery_day=DAY) == NotAnUpgrade("no_history")
    without = {key: value for key, value in record.items() if key != "status"}
    assert interpret(without, delivery_day=DAY) == NotAnUpgrade("no_history")


def infrastructure(platform: Any, **more: Any) -> dict[str, Any]:
    """The object that says where the cluster is, as a collector delivers it who knows which cluster it asked."""
    status = {"infrastructureName": "demo-x7k2p", "platformStatus": platform}
    return {"kind": "Infrastructure", "metadata": {"name": "cluster"}, "clusterID": CLUSTER, "spec": {}, "status": status} | more


AWS = infrastructure({"type": "AWS", "aws": {"region": "eu-central-1"}})


def test_an_infrastructure_object_describes_the_cluster_and_no_upgrade_of_it():
    [event] = events(AWS)
    assert (event.type, event.scope, event.provider, event.region) == (DESCRIBED, "cluster", "openshift", "eu-central-1")
    assert (event.cluster_id, event.thread) == (CLUSTER, "openshift")
    assert event.source == f"/upgradeslo/openshift_clusterversion/{CLUSTER}"
    assert event.operation_id.startswith("openshift_clusterversion:")
    assert event.operation_id not in {each.operation_id for each in events(cluster_version(OPEN, FIRST, INSTALL))}
    assert (event.from_version, event.to_version, event.trigger, event.flags) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("platform", "region"),
    [
        pytest.param({"type": "GCP", "gcp": {"projectID": "p", "region": "europe-west2"}}, "europe-west2", id="gcp"),
        pytest.param({"type": "Azure", "azure": {"region": "West Europe"}}, "westeurope", id="azure, as people write it"),
        pytest.param({"aws": {"region": ""}, "azure": None, "gcp": {"region": "us-east4"}}, "us-east4", id="empty ones are none"),
    ],
)
def test_the_region_is_that_of_the_platform_the_cluster_runs_on(platform, region):
    assert [event.region for event in events(infrastructure(platform))] == [region]


def test_a_description_was_seen_when_it_was_polled_and_is_new_only_when_it_says_something_else():
    [unstamped] = events(AWS)
    assert unstamped.time == unstamped.observed_at == at("2026-03-02T00:00:00")
    [stamped] = events(AWS | {"collected_at": "2026-03-01T12:00:00Z"})
    assert stamped.time == stamped.observed_at == at("2026-03-01T12:00:00")
    [corrected] = events(infrastructure({"aws": {"region": "eu-west-1"}}))
    assert unstamped.id == stamped.id != corrected.id
    assert unstamped.operation_id == stamped.operation_id == corrected.operation_id


def test_the_cluster_may_be_stamped_where_a_cluster_version_names_it():
    moved = {key: value for key, value in AWS.items() if key != "clusterID"} | {"spec": {"clusterID": CLUSTER}}
    assert events(moved) == events(AWS)


@pytest.mark.parametrize(
    "platform",
    [
        pytest.param(None, id="no platform"),
        pytest.param({"type": "BareMetal", "baremetal": {"apiServerInternalIP": "10.0.0.1"}}, id="its own machines"),
        pytest.param({"type": "Azure", "azure": {"cloudName": "AzurePublicCloud"}}, id="a platform that names no region"),
        pytest.param({"aws": {"region": " "}}, id="blanks"),
    ],
)
def test_an_infrastructure_object_without_a_region_is_no_upgrade(platform):
    assert interpret(infrastructure(platform), delivery_day=DAY) == NotAnUpgrade("infrastructure")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"clusterID": None}, "missing_field:clusterID", id="no cluster"),
        pytest.param({"clusterID": 5}, "invalid_type:clusterID", id="a cluster that is no text"),
        pytest.param({"status": []}, "invalid_type:status", id="status is a list"),
        pytest.param({"status": {"platformStatus": "AWS"}}, "invalid_type:status.platformStatus", id="platform is a text"),
        pytest.param(
            {"status": {"platformStatus": {"gcp": []}}}, "invalid_type:status.platformStatus.gcp", id="a platform that is a list"
        ),
        pytest.param(
            {"status": {"platformStatus": {"aws": {"region": 1}}}},
            "invalid_type:status.platformStatus.aws.region",
            id="a region as a number",
        ),
        pytest.param({"collected_at": "noon"}, "invalid_value:collected_at", id="a stamp that is no time"),
    ],
)
def test_a_description_that_is_not_understood_is_refused_with_the_reason(change, reason):
    assert interpret(AWS | change, delivery_day=DAY) == Refused(reason)


@pytest.mark.parametrize("kind", ["List", "ClusterVersionList"])
@pytest.mark.parametrize("name", ["poll.json", "poll.ndjson"])
def test_the_items_of_a_list_are_records_as_a_document_and_on_a_line(kind, name):
    other = cluster_version(FIRST, INSTALL) | {"spec": {"clusterID": "another"}}
    document = {
        "kind": kind,
        "collected_at": "2026-03-01T12:00:00Z",
        "items": [cluster_version(OPEN, INSTALL), cluster_version(INSTALL), other],
    }
    read = records(io.BytesIO(json.dumps(document).encode()), name=name, counts=Counts())
    first, install, last = (interpret(record.value, delivery_day=DAY) for record in read if isinstance(record.value, dict))
    assert install == NotAnUpgrade("install")
    for outcome, cluster in ((first, CLUSTER), (last, "another")):
        assert isinstance(outcome, Accepted)
        assert {(event.cluster_id, event.observed_at) for event in outcome.events} == {(cluster, at("2026-03-01T12:00:00"))}


def broken(**change: Any) -> dict[str, Any]:
    return cluster_version(OPEN | change, INSTALL)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({"kind": "ClusterVersion"}, "missing_field:spec", id="no spec"),
        pytest.param({"spec": 5}, "invalid_type:spec", id="a spec that is no object"),
        pytest.param({"spec": {}}, "missing_field:spec.clusterID", id="no cluster"),
        pytest.param({"spec": {"clusterID": ""}}, "missing_field:spec.clusterID", id="an empty cluster"),
        pytest.param({"spec": {"clusterID": 7}}, "invalid_type:spec.clusterID", id="a cluster that is no text"),
        pytest.param({"kind": "MachineConfigPool"}, "invalid_value:kind", id="another kind of object"),
        pytest.param({"kind": "List", "items": {}}, "invalid_value:kind", id="a list whose items are none"),
        pytest.param({"kind": 1}, "invalid_type:kind", id="a kind that is no text"),
        pytest.param(cluster_version() | {"status": []}, "invalid_type:status", id="status is a list"),
        pytest.param(cluster_version() | {"status": {"history": {}}}, "invalid_type:status.history", id="history"),
        pytest.param(cluster_version() | {"status": {"history": [1]}}, "invalid_type:status.history", id="an entry"),
        pytest.param(broken(state=None), "missing_field:status.history.state", id="no state"),
        pytest.param(broken(state="Failed"), "invalid_value:status.history.state", id="an unknown state"),
        pytest.param(broken(state="Completed"), "missing_field:status.history.completionTime", id="done without end"),
        pytest.param(broken(startedTime=None), "missing_field:status.history.startedTime", id="no start"),
        pytest.param(broken(startedTime="2026-03-01T10:00:00"), "invalid_time", id="a start without an offset"),
        pytest.param(broken(startedTime={}), "invalid_time", id="a start that is no time"),
        pytest.param(broken(completionTime="soon"), "invalid_time", id="an end that is no time"),
        pytest.param(broken(startedTime="2013-01-01T00:00:00Z"), "time_out_of_range", id="a start long ago"),
        pytest.param(broken(startedTime="2026-03-05T00:00:00Z"), "time_out_of_range", id="a start to come"),
        pytest.param(broken(version=4.16), "invalid_type:status.history.version", id="a version as a number"),
        pytest.param(broken(image=[]), "invalid_type:status.history.image", id="an image that is no text"),
        pytest.param(broken() | {"collected_at": "noon"}, "invalid_value:collected_at", id="a stamp that is no time"),
        pytest.param(broken() | {"observed_at": 9e11}, "time_out_of_range", id="a stamp far ahead"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


def test_the_histories_of_a_fleet_add_up_in_any_order_and_any_number_of_deliveries():
    """One cluster polled twice, one left behind by a newer target, one stuck, one just installed."""

    def of(cluster: str, *history: dict[str, Any], **more: Any) -> dict[str, Any]:
        return cluster_version(*history, **more) | {"spec": {"clusterID": cluster, "desiredUpdate": more.get("wanted")}}

    long_run = entry("4.16.3", "2026-03-01T10:00:00", "2026-03-03T16:30:02")
    polls = [
        of("polled", OPEN, FIRST, INSTALL, wanted={"version": "4.16.3"}),
        of("polled", entry("4.16.4", "2026-03-04T09:00:00", "2026-03-04T09:16:25"), long_run, FIRST, INSTALL),
        of(
            "overtaken",
            entry("4.17.0", "2026-02-20T15:00:00"),
            entry("4.16.9", "2026-02-10T11:55:20", "2026-02-10T12:29:27", state="Partial"),
            FIRST,
            INSTALL,
            wanted={"version": "4.17.0"},
        ),
        of("stuck", OPEN, INSTALL, conditions=failing("ClusterOperatorsDegraded", "etcd is degraded")),
        of("new", INSTALL, conditions=failing("ClusterOperatorNotAvailable", "monitoring")),
    ]

    def operations(order: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
        found: list[Event] = []
        for number, record in enumerate(order):
            outcome = interpret(record, delivery_day=date(2026, 3, 5) + timedelta(days=number))
            found += outcome.events if isinstance(outcome, Accepted) else ()
        clusters = {event.operation_id: event.cluster_id for event in found}
        rows = []
        for key, operation in fold(found).items():
            duration = operation.get("finished_at", operation["started_at"]) - operation["started_at"]
            of = [operation[name] for name in ("from_version", "to_version", "state", "trigger")]
            rows.append((clusters[key], *of, operation.get("error_code", ""), duration.total_seconds()))
        return sorted(rows)

    expected = [
        ("overtaken", "4.16.1", "4.16.2", "succeeded", "unknown", "", 1800),
        ("overtaken", "4.16.2", "4.16.9", "superseded", "unknown", "", 2047),
        ("overtaken", "4.16.2", "4.17.0", "running", "manual", "", 0),
        ("polled", "4.16.1", "4.16.2", "succeeded", "unknown", "", 1800),
        ("polled", "4.16.2", "4.16.3", "succeeded", "manual", "", 196202),
        ("polled", "4.16.3", "4.16.4", "succeeded", "unknown", "", 985),
        ("stuck", "4.16.1", "4.16.3", "running", "unknown", "ClusterOperatorsDegraded", 0),
    ]
    assert operations(polls) == expected
    assert operations(reversed(polls)) == expected
    assert operations(polls + polls) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.datetimes(at("2010-01-01T00:00:00"), at("2027-01-01T00:00:00")).map(lambda moment: f"{moment.isoformat()}Z")
ENTRIES = st.fixed_dictionaries(
    {"state": st.sampled_from(["Completed", "Partial", "Else"]) | JSON, "startedTime": MOMENTS | JSON},
    optional={
        "completionTime": MOMENTS | JSON,
        "version": st.sampled_from(["", "4.1.2", "v4.1.2", "4.1.3"]) | JSON,
        "image": st.text(alphabet="/:@a", max_size=6) | JSON,
    },
)
PLATFORMS = st.dictionaries(st.sampled_from(["aws", "gcp", "azure"]), st.fixed_dictionaries({"region": JSON}) | JSON)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["ClusterVersion", "List", "Infrastructure", "Pod"]) | JSON,
        "spec": st.fixed_dictionaries({"clusterID": st.text(max_size=4) | JSON}, optional={"desiredUpdate": JSON}) | JSON,
        "status": st.fixed_dictionaries(
            {"history": st.lists(ENTRIES | JSON, max_size=4) | JSON},
            optional={"conditions": JSON, "desired": JSON, "platformStatus": PLATFORMS | JSON},
        )
        | JSON,
        "items": JSON,
        "clusterID": st.text(max_size=4) | JSON,
        "collected_at": MOMENTS | JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(record=OBJECTS | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_every_record_ends_in_exactly_one_outcome(record):
    outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted(found):
            assert found
            assert len({event.id for event in found}) == len(found)
            assert all(EARLIEST <= event.time <= at("2026-03-04T00:00:00") for event in found)
        case Refused(reason):
            assert reason
        case NotAnUpgrade(kind):
            assert kind


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(
        st.binary(max_size=12).filter(lambda line: b"\n" not in line) | JSON.map(lambda value: json.dumps(value).encode()),
        max_size=6,
    ),
    name=st.sampled_from(["a.json", "a.ndjson"]),
)
def test_any_bytes_are_records_and_blank_lines_and_nothing_else(lines, name):
    counts = Counts()
    found = list(records(io.BytesIO(b"\n".join(lines)), name=name, counts=counts))
    assert counts.records == len(found)
    assert [record.number for record in found] == list(range(1, len(found) + 1))
    if name == "a.ndjson":
        assert counts.lines == len({record.line for record in found}) + counts.blank
