"""Files of every registered source: whatever their bytes, each record ends in exactly one outcome, and the ledger adds up.

Belongs here: whole files through the envelope, the source and the tables, plausible, mutated and hostile ones.
Does not belong here: what a record means (`test_<source>.py`), envelopes by themselves (`test_envelopes.py`).
"""

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import LINE_LIMIT
from assets.telemetry.landing import Delivery
from assets.telemetry.reading import Place, read_records
from assets.telemetry.sources import SOURCES, Accepted, NotAnUpgrade, Refused
from assets.warehouse import Warehouse

DAY = date(2026, 11, 20)
ARM = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.ContainerService"

# A record of each source that gives events, in the shape that its provider documents.
PLAUSIBLE: dict[str, dict[str, Any]] = {
    "aks_event_grid": {
        "id": "ab12",
        "source": f"{ARM}/managedClusters/c1",
        "subject": "c1",
        "type": "Microsoft.ContainerService.NodePoolRollingFailed",
        "time": "2026-11-20T10:42:00.0000000Z",
        "data": {"nodePoolName": "np1"},
        "specversion": "1.0",
    },
    "azure_activity_log": {
        "time": "2026-11-20T10:00:00.1234567Z",
        "resourceId": f"{ARM}/managedClusters/c1/agentPools/np1".upper(),
        "operationName": "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AGENTPOOLS/WRITE",
        "category": "Write",
        "resultType": "Failure",
        "resultSignature": "Failed.",
        "correlationId": "7d0e",
        "location": "global",
        "properties": {
            "statusCode": "Conflict",
            "statusMessage": json.dumps({"status": "Failed", "error": {"code": "UpgradeFailed", "message": "Drain failed"}}),
            "requestbody": json.dumps({"properties": {"orchestratorVersion": "1.31.2"}}),
        },
    },
    "azure_fleet": {
        "id": f"{ARM}/fleets/f1/updateRuns/run-7",
        "name": "run-7",
        "type": "microsoft.containerservice/fleets/updateruns",
        "properties": {
            "managedClusterUpdate": {"upgrade": {"type": "Full", "kubernetesVersion": "1.31.2"}},
            "status": {
                "status": {"state": "Running"},
                "stages": [
                    {
                        "name": "canary",
                        "groups": [
                            {
                                "name": "g1",
                                "members": [
                                    {
                                        "name": "m1",
                                        "clusterResourceId": f"{ARM}/managedClusters/c1",
                                        "operationId": "11aa",
                                        "message": 'Skipped upgrade of following agent pool(s): agent pool "win"',
                                        "status": {
                                            "state": "Failed",
                                            "startTime": "2026-11-20T10:00:00.51815878Z",
                                            "completedTime": "2026-11-20T10:40:00.5Z",
                                            "error": {"code": "QuotaExceeded", "message": 'quota in region "westeurope"'},
                                        },
                                    }
                                ],
                            }
                        ],
                    }
                ],
            },
        },
    },
    "eks_updates": {
        "collected_at": "2026-11-20T10:40:00Z",
        "account_id": "111122223333",
        "region": "eu-west-1",
        "cluster_name": "c1",
        "nodegroup_name": "ng1",
        "addon_name": None,
        "update": {
            "id": "b5f0",
            "status": "Failed",
            "type": "VersionUpdate",
            "createdAt": 1795168800.208,
            "params": [{"type": "Version", "value": "1.34"}, {"type": "ReleaseVersion", "value": "1.34.1-20260220"}],
            "errors": [
                {"errorCode": "PodEvictionFailure", "errorMessage": "Reached max retries", "resourceIds": ["ip-10-0-0-1"]}
            ],
        },
    },
    "gke_notifications": {
        "attributes": {
            "project_id": "123",
            "cluster_location": "europe-west2",
            "cluster_name": "c1",
            "type_url": "type.googleapis.com/google.container.v1beta1.UpgradeEvent",
            "payload": json.dumps(
                {
                    "resourceType": "NODE_POOL",
                    "operation": "operation-1795168800000-ab05",
                    "operationStartTime": "2026-11-20T10:00:00.624225580Z",
                    "currentVersion": "1.31.5-gke.1802",
                    "targetVersion": "1.31.6-gke.1500",
                    "resource": "projects/p/locations/europe-west2/clusters/c1/nodePools/np1",
                }
            ),
        },
        "data": "bWFzdGVy",
    },
    "gke_operations": {
        "name": "operation-1795168800095-cac0f69e",
        "operationType": "UPGRADE_NODES",
        "status": "DONE",
        "location": "us-central1-c",
        "startTime": "2026-11-20T10:15:48.095147203Z",
        "endTime": "2026-11-20T10:38:36.48674445Z",
        "targetLink": "https://container.googleapis.com/v1/projects/123/locations/us-central1-c/clusters/c1/nodePools/np1",
        "error": {"code": 13, "message": "Internal error."},
        "progress": {"metrics": [{"name": "NODES_TOTAL", "intValue": "12"}]},
    },
    "openshift_clusterversion": {
        "kind": "ClusterVersion",
        "collected_at": "2026-11-20T11:00:00Z",
        "spec": {"clusterID": "0b1c", "desiredUpdate": {"version": "4.16.3"}},
        "status": {
            "desired": {"version": "4.16.3"},
            "history": [
                {
                    "state": "Partial",
                    "version": "4.16.3",
                    "image": "r:4.16.3@sha256:b",
                    "startedTime": "2026-11-20T10:00:00Z",
                    "completionTime": None,
                },
                {
                    "state": "Completed",
                    "version": "4.16.2",
                    "image": "r@sha256:a",
                    "startedTime": "2026-11-01T10:00:00Z",
                    "completionTime": "2026-11-01T10:30:00Z",
                },
            ],
            "conditions": [{"type": "Failing", "status": "True", "reason": "ClusterOperatorsDegraded", "message": "degraded"}],
        },
    },
}

DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]
# What a field can hold that no documentation speaks of.
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 0.1, -1e308, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 1e30, 1795168800, 1795168800000,
    "", " ", "\x00", "a\x00b", "\u2028\ufeff\U0001f680", "x" * 100_000, "/" * 1_000, "NaN", "null", "-1", "9" * 400, "1e400",
    "2026-11-20T10:00:00Z", "2026-11-20T10:00:00", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "{}", "[[", '{"a":',
    [], {}, [[]], [None], [{}], {"": ""}, {"value": None}, DEEP, ["x"] * 1_000,
]  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a record, from the outside in."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from paths(member, (*path, key))


def changed(record: dict[str, Any], path: tuple[Any, ...], value: Any = None, *, remove: bool = False) -> dict[str, Any]:
    *outer, last = path
    record = copy.deepcopy(record)
    holder: Any = record
    for key in outer:
        holder = holder[key]
    if remove:
        del holder[last]
    else:
        holder[last] = value
    return record


every_source = pytest.mark.parametrize("source", sorted(SOURCES))


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("warehouse")
    with Warehouse(folder / "warehouse.duckdb", folder / "scratch").connection() as db:
        yield db


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("landing")


class Taken:
    """What a file came to, read and written as the intake does it, and taken back again."""

    def __init__(self, db: duckdb.DuckDBPyConnection, file: Path, source: str, content: bytes) -> None:
        file.write_bytes(content)
        delivery = Delivery(DAY, f"{source}/{DAY}/{file.name}", source, file, f"{len(content)}:")
        db.execute("BEGIN")
        try:
            self.counts = read_records(db, Place(1, delivery), file).counts
            self.numbers = [number for (number,) in db.execute("SELECT DISTINCT record FROM telemetry.events").fetchall()]
            self.reasons = [reason for (reason,) in db.execute("SELECT reason FROM telemetry.quarantine").fetchall()]
            self.classes = [name for (name,) in db.execute("SELECT class FROM telemetry.not_upgrades").fetchall()]
        finally:
            db.execute("ROLLBACK")

    @property
    def accepted(self) -> int:
        return len(self.numbers)

    def assert_adds_up(self) -> None:
        counts = self.counts
        assert (len(self.reasons), len(self.classes)) == (counts.quarantined, counts.not_an_upgrade)
        assert counts.records == self.accepted + counts.quarantined + counts.not_an_upgrade
        assert all(1 <= number <= counts.records for number in self.numbers)
        assert counts.blank <= counts.lines
        assert all(self.reasons)
        assert all(self.classes)


@every_source
def test_a_plausible_record_is_accepted(source):
    outcome = SOURCES[source].interpret(PLAUSIBLE[source], delivery_day=DAY)
    assert isinstance(outcome, Accepted), outcome


@every_source
def test_whatever_a_field_holds_the_record_ends_in_one_outcome(source):
    record = PLAUSIBLE[source]
    for path in paths(record):
        for mutated in (changed(record, path, remove=True), *(changed(record, path, value) for value in HOSTILE)):
            before = copy.deepcopy(mutated)
            outcome = SOURCES[source].interpret(mutated, delivery_day=DAY)
            assert mutated == before, "a source reads its records and leaves them as they are"
            match outcome:
                case Accepted(events):
                    assert len({(event.source, event.id) for event in events}) == len(events) > 0
                case Refused(text) | NotAnUpgrade(text):
                    assert text
                case _:
                    raise AssertionError(f"{path}: {outcome}")


ODD = [
    pytest.param(b'"%s"' % (b"x" * 10_000_000), None, id="a string of 10 MB"),
    pytest.param(b'"%s"' % (b"x" * LINE_LIMIT), "line_too_long", id="a string of 16 MiB"),
    pytest.param(b"[" * 200 + b"]" * 200, None, id="nesting"),
    pytest.param(b'"\\u0000\\ud83d\\ude80\\u2028"', None, id="NUL, a pair of surrogates and a line separator, escaped"),
    pytest.param(b"123456789012345678901234567890", None, id="a number beyond 64 bits"),
    pytest.param(b'1,"zz":2', None, id="a repeated key"),
    pytest.param(b'"\\ud83d"', "invalid_json", id="half a pair of surrogates"),
    pytest.param(b'"\x00"', "invalid_json", id="NUL as it is"),
    pytest.param(b"NaN", "invalid_json", id="NaN"),
    pytest.param(b"1e999", "invalid_json", id="a number that is not finite"),
    pytest.param(b'"\xff"', "invalid_utf8", id="no UTF-8"),
]


@every_source
@pytest.mark.parametrize(("value", "reason"), ODD)
def test_one_odd_record_does_not_affect_the_others_in_any_envelope(db, folder, source, value, reason):
    good = json.dumps(PLAUSIBLE[source]).encode()
    records = [good, good[:-1] + b', "zz": ' + value + b"}", good]
    for name, content in {
        "a.ndjson": b"\r\n".join(records),
        "a.json": b"\xef\xbb\xbf[" + b",\r\n".join(records) + b"]\r\n",
        "b.json": b'{"value": [' + b",".join(records) + b'], "nextLink": null}',
    }.items():
        taken = Taken(db, folder / name, source, content)
        taken.assert_adds_up()
        assert (taken.counts.records, taken.reasons) == (3, [reason] if reason else [])
        assert taken.accepted == (2 if reason else 3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("a.ndjson", "a.jsonl", "a.json", "a.yaml")


ENVELOPES = [
    (b"", b"", b""), (b"", b"\n", b""), (b"\xef\xbb\xbf", b"\r\n\r\n", b"\n"), (b"[", b",", b"]"), (b"[", b" ,\n", b"]\n"),
    (b'{"items":[', b",", b'],"collected_at":"2026-11-20T09:00:00Z"}'), (b'{"records":[{"value":[', b",", b"]}]}"),
    (b"---\n", b"\n---\n", b"\n"), (b"items:\n- ", b"\n- ", b"\n"),
]  # fmt: skip
PUT_IN = [b"", *(bytes([each]) for each in b'"\\[]{},:\n\x00\xff1')]


@st.composite
def mutated_records(draw: st.DrawFn, record: dict[str, Any]) -> Any:
    for _ in range(draw(st.integers(0, 3))):
        if found := list(paths(record)):
            path = draw(st.sampled_from(found))
            record = changed(record, path, draw(st.sampled_from(HOSTILE) | JSON), remove=draw(st.booleans()))
    return record


@st.composite
def mutated_files(draw: st.DrawFn, record: dict[str, Any]) -> bytes:
    """Records in an envelope of some kind, with a few bytes removed, put in or replaced."""
    found = [json.dumps(each).encode() for each in draw(st.lists(mutated_records(record) | JSON, max_size=4))]
    head, between, end = draw(st.sampled_from(ENVELOPES))
    content = head + between.join(found) + end
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(content)))
        removed = draw(st.sampled_from([0, 1, 2, 50, len(content)]))
        content = content[:begin] + draw(st.sampled_from(PUT_IN)) + content[begin + removed :]
    return content


@every_source
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_of_whatever_bytes_every_record_ends_in_one_outcome_and_the_ledger_adds_up(db, folder, source, data):
    content = data.draw(
        mutated_files(PLAUSIBLE[source]) | st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())
    )
    Taken(db, folder / data.draw(st.sampled_from(NAMES)), source, content).assert_adds_up()
