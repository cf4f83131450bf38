"""The providers' formats: records that mean what the operations were, in every dialect, and files as providers deliver them.

What records mean is read by the pipeline's own interpreters; that they fold to the same operations is tested end to end.
"""

import csv
import importlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assets.simulation.formats import FORMATS
from assets.simulation.formats.operation import Operation
from assets.telemetry.canonical import Event
from assets.telemetry.sources.envelopes import Counts, Record, records
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Refused
from assets.upgrades.errors import classify
from tests.simulation import deliveries
from tests.simulation.deliveries import good_events, malformed_lines, operations_of, read_file, read_lines
from tests.simulation.provider_homes import LOSSES, SETTLED, SOURCES, as_told, cluster_number, simulated

DAY = date(2026, 11, 20)
SECOND = 10**9


def nanoseconds(written: str) -> int:
    """A moment of the day, `08:15:30`, with a fraction of nine digits."""
    clock = datetime.fromisoformat(f"{DAY}T{written}+00:00")
    return int(clock.timestamp()) * SECOND + 123_456_789


AKS = Operation(
    serial=81,
    day=0,
    cluster=17,
    cluster_id="/subscriptions/0000/resourcegroups/rg-westeurope/providers/microsoft.containerservice/managedclusters/aks-westeurope-17",
    name="aks-westeurope-17",
    region="westeurope",
    ring=2,
    scope="node_pool",
    node_pool="user1",
    node_count=12,
    from_version="1.33.4",
    to_version="1.34.2",
    trigger="auto_channel",
    scheduled_at=nanoseconds("08:00:00"),
    started_at=nanoseconds("08:15:30"),
    finished_at=nanoseconds("08:47:10"),
    outcome="failed",
    failure="PodDrainFailure",
    message="Cannot evict pod as it would violate the pod's disruption budget.",
    runs_target=False,
)
AKS_PLANE = replace(AKS, scope="control_plane", node_pool="")
AKS_IMAGE = replace(
    AKS,
    scope="node_image",
    from_version="AKSUbuntu-2204gen2containerd-202611.03.0",
    to_version="AKSUbuntu-2204gen2containerd-202611.10.0",
)
GKE = replace(
    AKS,
    cluster_id="projects/fleet/locations/us-central1/clusters/gke-us-central1-17",
    name="gke-us-central1-17",
    region="us-central1",
    node_pool="pool-1",
    from_version="1.33.4-gke.1000037",
    to_version="1.34.2-gke.1000074",
    failure="POD_PDB_VIOLATION",
)
EKS = replace(
    AKS,
    cluster_id="arn:aws:eks:eu-west-1:111122223333:cluster/eks-eu-west-1-17",
    name="eks-eu-west-1-17",
    region="eu-west-1",
    node_pool="ng-1",
    from_version="1.33.4-eks-abc1234",
    to_version="1.34.2-eks-abc1234",
    failure="PodEvictionFailure",
)
OPENSHIFT = replace(
    AKS,
    cluster_id="8c4f2a6e-1d3b-4f70-a5c9-000000000017",
    name="openshift-eu-de-17",
    region="eu-de",
    scope="control_plane",
    node_pool="",
    from_version="4.20.3",
    to_version="4.21.1",
    outcome="succeeded",
    failure="",
    message="",
    runs_target=True,
)


def read(source: str, record: dict[str, Any], day: date = DAY) -> Accepted | NotAnUpgrade | Refused:
    """What the pipeline makes of a record."""
    return importlib.import_module(f"assets.telemetry.sources.{source}").interpret(record, delivery_day=day)


def said(source: str, position: int, operation: Operation, *, polled_at: str = "23:45:00") -> list[Event]:
    """The events of all records of an operation in one dialect of a format, oldest first; a poll sees it at `polled_at`."""
    form = FORMATS[source]
    write = form.dialects[position].records
    if form.subject:
        written = list(write([operation], nanoseconds(polled_at)))
    else:
        types = ["scheduled", "started", operation.outcome]
        written = [record for event_type in types if event_type for record in write(operation, event_type)]
    accepted = []
    for record in written:
        outcome = read(source, json.loads(json.dumps(record)))
        assert isinstance(outcome, Accepted), (record, outcome)
        accepted += outcome.events
    return sorted(accepted, key=lambda event: event.time)


EVERY_DIALECT = [
    pytest.param(source, position, id=f"{source}, dialect {position}")
    for source in SOURCES
    for position in range(len(FORMATS[source].dialects))
]


def dialects_of(*sources: str) -> list[Any]:
    return [each for each in EVERY_DIALECT if each.values[0] in sources]


def test_there_is_a_format_for_every_source_but_the_canonical_one():
    assert tuple(FORMATS) == SOURCES


# --- One operation ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "position"), dialects_of("aks_event_grid"))
def test_event_grid_tells_when_a_pool_rolled_and_how_that_ended(source, position):
    started, ended = said(source, position, AKS)
    assert (started.type, started.time) == ("started", datetime(2026, 11, 20, 8, 15, 30, 123456))  # noqa: DTZ001
    assert (ended.type, ended.time) == ("failed", datetime(2026, 11, 20, 8, 47, 10, 123456))  # noqa: DTZ001
    for event in (started, ended):
        assert (event.cluster_id, event.scope, event.node_pool) == (AKS.cluster_id, "node_pool", "user1")
        assert (event.to_version, event.error_code) == (None, None)


@pytest.mark.parametrize(("source", "position"), dialects_of("azure_activity_log"))
@pytest.mark.parametrize(
    ("operation", "pool", "version"),
    [
        pytest.param(AKS, "user1", "1.34.2", id="a pool"),
        pytest.param(AKS_PLANE, None, "1.34.2", id="a control plane"),
        pytest.param(AKS_IMAGE, "user1", None, id="an image"),
    ],
)
def test_the_activity_log_tells_of_requests_and_their_ends(source, position, operation, pool, version):
    started, accepted, ended = said(source, position, operation)
    assert [event.type for event in (started, accepted, ended)] == ["started", "started", "failed"]
    assert started.time == datetime(2026, 11, 20, 8, 15, 30, 123456)  # noqa: DTZ001
    assert ended.time == datetime(2026, 11, 20, 8, 47, 10, 123456)  # noqa: DTZ001
    assert ended.error_code == "PodDrainFailure"
    assert len({event.operation_id for event in (started, accepted, ended)}) == 1
    for event in (started, accepted, ended):
        assert (event.cluster_id, event.scope, event.node_pool) == (AKS.cluster_id, operation.scope, pool)
        assert event.to_version == version


@pytest.mark.parametrize(("source", "position"), dialects_of("azure_activity_log"))
@pytest.mark.parametrize("outcome", ["succeeded", "cancelled", "superseded"])
def test_the_activity_log_has_a_record_for_every_other_end(source, position, outcome):
    *_, ended = said(source, position, replace(AKS, outcome=outcome, failure="", message=""))
    assert ended.type == outcome


@pytest.mark.parametrize(("source", "position"), dialects_of("azure_activity_log"))
def test_a_wrapped_failure_is_classified_by_its_message(source, position):
    wrapped = replace(AKS, failure="UpgradeFailed", message="Drain of a node failed: Cannot evict pod.")
    *_, ended = said(source, position, wrapped)
    assert classify(ended.error_code, ended.error_message)[0] == "pdb_drain"


@pytest.mark.parametrize(("source", "position"), dialects_of("azure_fleet"))
@pytest.mark.parametrize("operation", [pytest.param(AKS_PLANE, id="a control plane"), pytest.param(AKS_IMAGE, id="an image")])
@pytest.mark.parametrize(
    ("polled_at", "types"),
    [
        pytest.param("08:10:00", ["scheduled"], id="while it waits"),
        pytest.param("08:30:00", ["started"], id="while it runs"),
        pytest.param("23:45:00", ["started", "failed"], id="when it is over"),
    ],
)
def test_a_poll_of_a_run_shows_how_far_its_member_is(source, position, operation, polled_at, types):
    events = said(source, position, operation, polled_at=polled_at)
    assert [event.type for event in events] == types
    moments = {"scheduled": "08:00:00.123456", "started": "08:15:30.123456", "failed": "08:47:10.123456"}
    for event in events:
        assert event.time == datetime.fromisoformat(f"{DAY}T{moments[event.type]}")
        assert (event.cluster_id, event.scope, event.node_pool) == (AKS.cluster_id, operation.scope, None)
        assert (event.to_version, event.trigger) == (operation.to_version, "auto_channel")
    assert events[-1].error_code == ("PodDrainFailure" if types[-1] == "failed" else None)


@pytest.mark.parametrize(("source", "position"), dialects_of("azure_fleet"))
@pytest.mark.parametrize("outcome", ["succeeded", "cancelled", "skipped"])
def test_a_run_has_a_state_for_every_other_end(source, position, outcome):
    started_at = None if outcome == "skipped" else AKS.started_at
    operation = replace(AKS_IMAGE, outcome=outcome, started_at=started_at, failure="", message="")
    assert said(source, position, operation)[-1].type == outcome


def test_a_run_has_a_stage_for_every_ring_and_a_group_for_every_region():
    operations = [
        replace(AKS_PLANE, serial=1, ring=2, region="westeurope"),
        replace(AKS_PLANE, serial=2, ring=0, region="westcentralus"),
        replace(AKS_PLANE, serial=3, ring=2, region="eastus"),
    ]
    [run] = FORMATS["azure_fleet"].dialects[0].records(operations, nanoseconds("23:45:00"))
    stages = run["properties"]["status"]["stages"]
    assert [(stage["name"], [group["name"] for group in stage["groups"]]) for stage in stages] == [
        ("ring-0", ["westcentralus"]),
        ("ring-2", ["eastus", "westeurope"]),
    ]


@pytest.mark.parametrize(("source", "position"), dialects_of("openshift_clusterversion"))
def test_a_cluster_version_has_the_update_and_the_installation_before_it(source, position):
    started, ended = said(source, position, OPENSHIFT)
    assert (started.type, started.time) == ("started", datetime(2026, 11, 20, 8, 15, 30))  # noqa: DTZ001
    assert (ended.type, ended.time) == ("succeeded", datetime(2026, 11, 20, 8, 47, 10))  # noqa: DTZ001
    for event in (started, ended):
        assert (event.cluster_id, event.scope) == (OPENSHIFT.cluster_id, "cluster")
        assert (event.from_version, event.to_version) == ("4.20.3", "4.21.1")


@pytest.mark.parametrize(("source", "position"), dialects_of("openshift_clusterversion"))
def test_an_update_that_was_overtaken_is_partial_and_the_next_is_still_from_what_ran_before(source, position):
    overtaken = replace(OPENSHIFT, outcome="superseded")
    later = replace(
        OPENSHIFT, serial=82, to_version="4.21.2", started_at=nanoseconds("12:00:00"), finished_at=nanoseconds("12:30:00")
    )
    [record] = FORMATS[source].dialects[position].records([overtaken, later], nanoseconds("12:10:00"))
    outcome = read(source, json.loads(json.dumps(record)))
    assert isinstance(outcome, Accepted)
    assert [(event.type, event.from_version, event.to_version) for event in outcome.events] == [
        ("started", "4.20.3", "4.21.1"),
        ("superseded", "4.20.3", "4.21.1"),
        ("started", "4.20.3", "4.21.2"),
    ]


@pytest.mark.parametrize(("source", "position"), dialects_of("gke_operations"))
def test_gke_lists_the_operation_and_the_details_of_the_upgrade(source, position):
    events = said(source, position, GKE)
    operation = [event for event in events if event.operation_id.startswith("gke:")]
    details = [event for event in events if event.operation_id.startswith("gke_details:")]
    for told in (operation, details):
        started, ended = told
        assert (started.type, started.time) == ("started", datetime(2026, 11, 20, 8, 15, 30, 123456))  # noqa: DTZ001
        assert (ended.type, ended.time) == ("failed", datetime(2026, 11, 20, 8, 47, 10, 123456))  # noqa: DTZ001
        assert {(event.cluster_id, event.scope, event.node_pool) for event in told} == {(GKE.cluster_id, "node_pool", "pool-1")}
    assert (operation[-1].node_count, details[-1].trigger) == (12, "auto_channel")
    assert (details[-1].from_version, details[-1].to_version) == ("1.33.4-gke.1000037", "1.34.2-gke.1000074")
    assert classify(operation[-1].error_code, operation[-1].error_message)[0] == "pdb_drain"


@pytest.mark.parametrize(("source", "position"), dialects_of("gke_operations"))
def test_an_operation_that_waits_is_pending_and_one_that_was_cancelled_is_done(source, position):
    [waiting] = said(source, position, GKE, polled_at="08:10:00")
    assert (waiting.type, waiting.time) == ("scheduled", datetime(2026, 11, 20, 8, 0, 0, 123456))  # noqa: DTZ001
    cancelled = said(source, position, replace(GKE, outcome="cancelled", failure="", message=""))
    assert {event.type for event in cancelled} == {"started", "cancelled"}


@pytest.mark.parametrize(("source", "position"), dialects_of("gke_operations"))
def test_what_gke_turns_down_before_it_starts_is_dated_by_its_name_alone(source, position):
    [ended] = said(source, position, replace(GKE, started_at=None))
    assert (ended.type, ended.time) == ("failed", datetime(2026, 11, 20, 8, 47, 10, 123000))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("failure", "message", "category"),
    [
        pytest.param("", "", "internal", id="a failure without a code"),
        pytest.param("InternalOperationError", "Internal server error.", "internal", id="an internal error"),
        pytest.param("AdmissionRequestDenied", "An admission webhook denied the request.", "auth_policy", id="a webhook"),
        pytest.param("TooManyRequestsReceived", "The resource manager was throttling.", "throttling", id="throttling"),
        pytest.param("VENDOR_E4711", "Unexpected state 17.", "internal", id="a code that nobody knows"),
    ],
)
@pytest.mark.parametrize(("source", "position"), dialects_of("gke_operations", "gke_notifications"))
def test_a_failure_keeps_its_category_where_there_is_no_place_for_its_code(source, position, failure, message, category):
    events = said(source, position, replace(GKE, failure=failure, message=message))
    [ended] = [event for event in events if event.type == "failed" and event.operation_id.startswith("gke:")]
    assert classify(ended.error_code, ended.error_message)[0] == category


@pytest.mark.parametrize(("source", "position"), dialects_of("gke_notifications"))
def test_notifications_tell_everything_but_the_trigger(source, position):
    events = said(source, position, GKE)
    assert [event.type for event in events] == ["scheduled", "started", "started", "failed"]
    assert [event.time for event in events] == [
        datetime(2026, 11, 20, 8, 0, 0, 123456),  # noqa: DTZ001
        datetime(2026, 11, 20, 8, 15, 30, 123456),  # noqa: DTZ001
        datetime(2026, 11, 20, 8, 15, 30, 123456),  # noqa: DTZ001
        datetime(2026, 11, 20, 8, 47, 10, 123456),  # noqa: DTZ001
    ]
    for event in events:
        assert (event.cluster_id, event.scope, event.node_pool) == (GKE.cluster_id, "node_pool", "pool-1")
        assert (event.from_version, event.to_version) == ("1.33.4-gke.1000037", "1.34.2-gke.1000074")


def test_operations_and_notifications_name_the_same_operation():
    [of_operations] = {event.operation_id for event in said("gke_operations", 0, GKE) if event.trigger is None}
    assert {event.operation_id for event in said("gke_notifications", 0, GKE)} == {of_operations}


@pytest.mark.parametrize(("source", "position"), dialects_of("eks_updates"))
@pytest.mark.parametrize(
    ("operation", "scope", "version"),
    [
        pytest.param(EKS, "node_pool", "1.34", id="a node group"),
        pytest.param(replace(EKS, scope="control_plane", node_pool=""), "control_plane", "1.34", id="a control plane"),
        pytest.param(
            replace(EKS, scope="node_image", to_version="al2023-x86_64-standard-v20261110"),
            "node_image",
            "al2023-x86_64-standard-v20261110",
            id="an image",
        ),
    ],
)
def test_an_eks_update_ends_with_the_first_look_after_its_end(source, position, operation, scope, version):
    started, ended = said(source, position, operation)
    assert (started.type, started.time) == ("started", datetime(2026, 11, 20, 8, 15, 30, 123000))  # noqa: DTZ001
    assert (ended.type, ended.time) == ("failed", datetime(2026, 11, 20, 9, 0, 0))  # noqa: DTZ001
    assert ended.error_code == "PodEvictionFailure"
    for event in (started, ended):
        assert (event.cluster_id, event.region) == (EKS.cluster_id, "eu-west-1")
        assert (event.scope, event.to_version) == (scope, version)


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        pytest.param("aks_event_grid", AKS_IMAGE, id="Event Grid would call an image a version"),
        pytest.param("aks_event_grid", replace(AKS, outcome="cancelled"), id="no roll is cancelled"),
        pytest.param("aks_event_grid", replace(AKS, started_at=None), id="a roll that never began ends nothing"),
        pytest.param("azure_activity_log", replace(AKS, outcome="skipped", started_at=None), id="nobody logs what was left out"),
        pytest.param("azure_fleet", AKS, id="a run upgrades no pool"),
        pytest.param("azure_fleet", replace(AKS_PLANE, outcome="superseded"), id="no run overtakes"),
        pytest.param("openshift_clusterversion", replace(OPENSHIFT, outcome="failed"), id="a cluster version does not fail"),
        pytest.param("openshift_clusterversion", replace(OPENSHIFT, scope="node_pool"), id="nor has it pools"),
        pytest.param("openshift_clusterversion", replace(OPENSHIFT, runs_target=False), id="what is completed runs"),
        pytest.param("gke_operations", replace(GKE, outcome="superseded"), id="no operation overtakes"),
        pytest.param("gke_notifications", replace(GKE, outcome="skipped"), id="nobody is notified of nothing"),
        pytest.param("eks_updates", replace(EKS, started_at=None), id="there is no update before it starts"),
    ],
)
def test_what_a_format_has_no_words_for_is_left_to_canonical_events(source, operation):
    assert not FORMATS[source].carries(operation)


# --- Malformed lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "defect"),
    [
        pytest.param(source, defect, id=f"{source} {number}: {defect.reason}")
        for source, form in FORMATS.items()
        for number, defect in enumerate(form.defects)
    ],
)
@pytest.mark.parametrize("day", [DAY, date(2014, 6, 6)], ids=["now", "on the first day there is"])
def test_a_malformed_line_is_refused_for_its_reason(source, defect, day):
    good = {"type": "Microsoft.ContainerService.NodePoolRollingStarted", "id": "e-1"}
    line = defect.spoil(good, day)
    assert b"\n" not in line
    [record] = records(io.BytesIO(line + b"\n"), name="part-0000.ndjson", counts=Counts())
    assert reason_of(source, record, day) == defect.reason


def reason_of(source: str, record: Record, day: date) -> str | None:
    outcome = read(source, record.value, day) if isinstance(record.value, dict) else record.value
    return getattr(outcome, "reason", None)


# --- A fleet ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home_of(tmp_path_factory):
    """The small fleet as a source delivers it."""
    return cache(lambda source: simulated(tmp_path_factory.mktemp(source), source))


def delivered(home: Path, source: str) -> Iterator[tuple[str, date, Record]]:
    """Every record with the path of its file and the day of its delivery."""
    for path in sorted((home / "landing" / source).glob("*/*")):
        for record in records(io.BytesIO(read_file(path)), name=path.name, counts=Counts()):
            yield str(path.relative_to(home / "landing")), date.fromisoformat(path.parent.name), record


def of_records(home: Path, source: str) -> list[Event]:
    """The events of every record that is an upgrade's."""
    outcomes = [read(source, record.value, day) for _, day, record in delivered(home, source) if isinstance(record.value, dict)]
    return [event for outcome in outcomes if isinstance(outcome, Accepted) for event in outcome.events]


def of_canonical(home: Path) -> dict[str, deliveries.Operation]:
    """The operations of the home's canonical events."""
    events = good_events(read_lines(home / "landing"), malformed_lines(home))
    return operations_of(event for _, event in events)


@pytest.mark.parametrize("source", SOURCES)
def test_every_record_is_understood_but_those_that_are_listed_as_malformed(home_of, source):
    home = home_of(source)
    refused, others, accepted = {}, set(), 0
    for path, day, record in delivered(home, source):
        if reason := reason_of(source, record, day):
            refused[path, record.line] = reason
        elif isinstance(outcome := read(source, record.value, day), NotAnUpgrade):
            others.add(outcome.kind)
        else:
            accepted += 1
    first_time = {(path, line): reason for (path, line), reason in refused.items() if "/again-" not in path}
    assert first_time == {key: reason for key, reason in malformed_lines(home).items() if key[0].startswith(f"{source}/")}
    assert accepted > 50
    assert others <= {"news", "other_operation", "update"}


@pytest.mark.parametrize("source", SOURCES)
def test_files_are_lines_and_documents_some_of_them_compressed(home_of, source):
    names = [path.name for path in (home_of(source) / "landing" / source).glob("*/*")]
    assert {name.split(".")[1] for name in names} == {"json", "ndjson"}
    assert any(name.endswith((".gz", ".zst")) for name in names)


@pytest.mark.parametrize("source", [source for source in SOURCES if FORMATS[source].subject])
def test_some_polls_are_delivered_again_as_they_were(home_of, source):
    folder = home_of(source) / "landing" / source
    again = list(folder.glob("*/again-*"))
    assert again
    for path in again:
        day_before = date.fromisoformat(path.parent.name) - timedelta(days=1)
        assert path.read_bytes() == (folder / day_before.isoformat() / path.name.removeprefix("again-")).read_bytes()


@pytest.mark.parametrize("source", SOURCES)
def test_inventory_records_and_canonical_events_know_a_cluster_by_one_name(home_of, source):
    home = home_of(source)
    with (home / "inventory" / "clusters.csv").open(newline="") as file:
        listed = {row["cluster_id"] for row in csv.DictReader(file)}
    told = {event.cluster_id for event in of_records(home, source)}
    assert 0.95 < len(told & listed) / len(told) <= 1  # few clusters are unlisted
    own_name = f"{FORMATS[source].provider}-"
    assert not [name for name in listed if name.startswith(own_name)]
    assert not [each for each in of_canonical(home).values() if each.attributes["cluster_id"].startswith(own_name)]


@pytest.mark.parametrize("source", SOURCES)
def test_records_say_what_canonical_events_would_have_said(home_of, source):
    ours, canonical = of_canonical(home_of(source)), of_canonical(home_of("canonical"))
    carried = [operation for operation_id, operation in canonical.items() if operation_id not in ours]
    expected = {key: facts for operation in carried for key, facts in facts_of_operation(source, operation)}
    due = {
        key
        for operation in carried
        if min(operation.moments.values()) < SETTLED
        for key, _ in facts_of_operation(source, operation)
    }
    told = facts_of_events(source, of_records(home_of(source), source))
    assert len(due) > 30
    assert due <= set(told)
    assert {key for key in told if key[-1] < SETTLED} <= set(expected)
    for key in due:
        for name, value in expected[key].items():
            assert value is None or told[key].get(name) == value, (key, name)


Key = tuple[str, int, str, str | None, datetime]


def facts_of_operation(source: str, operation: deliveries.Operation) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Type, cluster, scope, pool and second of what the format tells of an operation, each with the other facts."""
    attributes = operation.attributes
    told = as_told(
        source,
        {
            "scope": attributes["scope"],
            "node_pool": attributes.get("node_pool"),
            "started_at": operation.moments.get("started"),
            "from_version": attributes.get("from_version"),
            "to_version": attributes.get("to_version"),
            "error_category": classify(attributes.get("error_code"), attributes.get("error_message"))[0],
        },
    )
    for event_type, moment in operation.moments.items():
        if event_type == "scheduled" and source != "gke_notifications":  # polls tell of it only while it waits, others never
            continue
        if event_type not in ("scheduled", "started") and (step := LOSSES[source].ends_within.total_seconds()):
            # The second is told; the moment itself lies within it, and so behind a poll of that very second.
            moment = datetime.fromtimestamp((moment.timestamp() // step + 1) * step, UTC)
        names = ("from_version", "to_version", *(("error_category",) if event_type == "failed" else ()))
        key = (event_type, cluster_number(attributes["cluster_id"]), told["scope"], told["node_pool"], moment)
        yield key, {name: told[name] for name in names if name in told}


def facts_of_events(source: str, events: list[Event]) -> dict[Key, dict[str, Any]]:
    """The same of the events of records; a start or an end that is told again with a later moment is known already."""
    facts: dict[Key, dict[str, Any]] = {}
    firsts: dict[tuple[str, str], datetime] = {}
    for event in sorted(events, key=lambda event: event.time):
        second = event.time.replace(microsecond=0, tzinfo=UTC)
        if event.type == "scheduled" and source != "gke_notifications":
            continue
        if firsts.setdefault((event.operation_id, event.type), second) == second:
            told = facts.setdefault((event.type, cluster_number(event.cluster_id), event.scope, event.node_pool, second), {})
            told |= {name: value for name in ("from_version", "to_version") if (value := getattr(event, name)) is not None}
            if event.type == "failed":
                told["error_category"] = classify(event.error_code, event.error_message)[0]
    return facts
