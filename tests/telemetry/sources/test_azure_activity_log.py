"""One record of the Activity Log comes as REST JSON, as an export or as a row of Log Analytics, and says the same in each."""

import hashlib
import io
import json
from copy import deepcopy
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import EARLIEST, Event
from assets.telemetry.flags import Flag
from assets.telemetry.sources.azure_activity_log import interpret
from assets.telemetry.sources.envelopes import Counts, records
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Refused

DAY = date(2026, 3, 1)
SUBSCRIPTION = "5ab10000-1111-4222-8333-944444444444"
CORRELATION = "c0440000-1111-4222-8333-944444444444"
OPERATION = "09e40000-1111-4222-8333-944444444444"
CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/Shop"
CLUSTER_ID = CLUSTER.lower()
POOL = f"{CLUSTER}/agentPools/Blue"
CLUSTER_WRITE = "Microsoft.ContainerService/managedClusters/write"
POOL_WRITE = "Microsoft.ContainerService/managedClusters/agentPools/write"
NEW_IMAGE = "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action"
ABORT = "Microsoft.ContainerService/managedClusters/abort/action"
ABORT_POOL = "Microsoft.ContainerService/managedClusters/agentPools/abort/action"
PERSON = {"appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "name": "MARKER"}
AKS_ITSELF = "7319c514-987d-4e9b-ac3d-d38c4f427f4c"
FLEET_MANAGER = "609d2f62-527f-4451-bfd2-ac2c7850822c"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rest(
    operation: str = CLUSTER_WRITE, state: str = "Started", resource: str = CLUSTER, *, properties: Any = None, **more: Any
) -> dict[str, Any]:
    record = {
        "authorization": {"action": operation, "scope": "MARKER"},
        "caller": "marker@example.com",
        "callerIpAddress": "203.0.113.7",
        "category": {"value": "Administrative", "localizedValue": "Administrativ"},
        "claims": PERSON,
        "correlationId": CORRELATION,
        "eventDataId": "e1",
        "eventName": {"value": "BeginRequest", "localizedValue": "Anfang"},
        "eventTimestamp": "2026-03-01T10:00:00.1234567Z",
        "httpRequest": {"clientRequestId": "MARKER", "clientIpAddress": "203.0.113.7", "method": "PUT"},
        "operationId": OPERATION,
        "operationName": {"value": operation, "localizedValue": "Verwalteten Cluster erstellen"},
        "properties": properties or {},
        "resourceId": resource,
        "status": {"value": state, "localizedValue": "Gestartet"},
        "subStatus": {"value": "", "localizedValue": ""},
        "submissionTimestamp": "2026-03-01T10:01:30.5Z",
        "subscriptionId": SUBSCRIPTION,
    }
    return {name: value for name, value in (record | more).items() if value is not None}


def export(
    operation: str = CLUSTER_WRITE, state: str = "Start", resource: str = CLUSTER, *, properties: Any = None, **more: Any
) -> dict[str, Any]:
    record = {
        "time": "2026-03-01T10:00:00.1234567Z",
        "resourceId": resource.upper(),
        "operationName": operation.upper(),
        "category": "Administrative",
        "resultType": state,
        "resultSignature": "Started.",
        "durationMs": "0",
        "callerIpAddress": "203.0.113.7",
        "correlationId": CORRELATION,
        "identity": {"authorization": {"scope": "MARKER"}, "claims": PERSON},
        "level": "Information",
        "location": "global",
        "properties": {"eventCategory": "Administrative", "operationId": OPERATION, "eventProperties": properties or {}},
    }
    return {name: value for name, value in (record | more).items() if value is not None}


def row(
    operation: str = CLUSTER_WRITE, state: str = "Start", resource: str = CLUSTER, *, properties: Any = None, **more: Any
) -> dict[str, Any]:
    record = {
        "TimeGenerated": "2026-03-01T10:00:00.1234567Z",
        "EventSubmissionTimestamp": "2026-03-01T10:01:30.5Z",
        "OperationNameValue": operation.upper(),
        "ActivityStatusValue": state,
        "ActivitySubstatusValue": "",
        "CategoryValue": "Administrative",
        "CorrelationId": CORRELATION,
        "OperationId": OPERATION,
        "EventDataId": "e1",
        "_ResourceId": resource.lower(),
        "ResourceId": resource.upper(),
        "Caller": "marker@example.com",
        "CallerIpAddress": "203.0.113.7",
        "Claims": json.dumps(PERSON),
        "Claims_d": PERSON,
        "Authorization": json.dumps({"scope": "MARKER"}),
        "HTTPRequest": json.dumps({"clientIpAddress": "203.0.113.7"}),
        "Properties": json.dumps(properties or {}),
        "Type": "AzureActivity",
    }
    return {name: value for name, value in (record | more).items() if value is not None}


FORMS = pytest.mark.parametrize("form", [rest, export, row])


def event(record: dict[str, Any], day: date = DAY) -> Event:
    outcome = interpret(record, delivery_day=day)
    assert isinstance(outcome, Accepted), outcome
    [found] = outcome.events
    return found


def body(version: Any, *pools: Any, **more: Any) -> dict[str, Any]:
    """What is sent to AKS for a cluster: its version, and those of its pools."""
    profiles = [{"name": f"np{number}", "orchestratorVersion": pool, "count": 3} for number, pool in enumerate(pools)]
    return {"location": "westeurope", "properties": {"kubernetesVersion": version, "agentPoolProfiles": profiles} | more}


def failure(*codes: str, message: str = "no reason given") -> str:
    """A status message with these codes, each in the details of the one before; the innermost carries the message."""
    error: dict[str, Any] = {"code": codes[-1], "message": message}
    for code in reversed(codes[:-1]):
        error = {"code": code, "message": f"{code}, see below", "details": [error]}
    return json.dumps({"status": "Failed", "error": error})


def hashed(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


@FORMS
def test_a_start_says_which_cluster_was_to_be_written_at_which_version(form):
    started = event(form(properties={"requestbody": json.dumps(body("1.34.1", "1.34.1"))}))
    assert (started.type, started.time) == ("started", at("2026-03-01T10:00:00.123456"))
    assert (started.cluster_id, started.node_pool, started.scope) == (CLUSTER_ID, None, "cluster")
    assert (started.to_version, started.from_version, started.observed_version) == ("1.34.1", None, None)
    assert (started.provider, started.thread, started.flags) == ("aks", "azure", Flag.WRITE)
    assert (started.trigger, started.upgrade_id) == ("manual", CORRELATION)
    assert (started.error_code, started.error_message) == (None, None)
    assert started.source == f"/upgradeslo/azure_activity_log/{CLUSTER_ID}"
    key = hashed(CLUSTER_ID, CLUSTER_WRITE.lower(), OPERATION)
    assert started.operation_id == f"azure_activity_log:{key}"


@pytest.mark.parametrize(
    ("operation", "resource", "states"),
    [
        pytest.param(CLUSTER_WRITE, CLUSTER, ("Started", "Start", "Start"), id="a start"),
        pytest.param(POOL_WRITE, POOL, ("Accepted", "Accept", "Accept"), id="an acceptance"),
        pytest.param(NEW_IMAGE, POOL, ("Succeeded", "Success", "Success"), id="a success"),
        pytest.param(POOL_WRITE, POOL, ("Failed", "Failure", "Failure"), id="a failure"),
        pytest.param(CLUSTER_WRITE, CLUSTER, ("Canceled", "Cancelled", "Canceled"), id="a cancellation"),
        pytest.param(ABORT_POOL, POOL, ("Succeeded", "Success", "Success"), id="an abort"),
    ],
)
def test_the_three_forms_of_a_record_give_one_and_the_same_event(operation, resource, states):
    properties = {
        "message": "Upgrade Failed",
        "requestbody": json.dumps({"properties": {"kubernetesVersion": "1.34.1", "orchestratorVersion": "1.34.1"}}),
        "statusMessage": failure("UpgradeFailed", "PodDrainFailure", message="Cannot evict pod web-7d4b9c6f5d-x2vbn"),
    }
    of_rest, of_export, of_row = (
        event(form(operation, state, resource, properties=properties))
        for form, state in zip((rest, export, row), states, strict=True)
    )
    assert of_rest == of_row
    assert of_rest == of_export._replace(observed_at=at("2026-03-01T10:01:30.5"))
    assert of_rest.id == of_export.id


@FORMS
@pytest.mark.parametrize(
    ("state", "type_"),
    [
        *((state, "started") for state in ("Start", "Started", "Accept", "Accepted", "STARTED")),
        *((state, "succeeded") for state in ("Success", "Succeeded")),
        *((state, "failed") for state in ("Failure", "Failed")),
        *((state, "cancelled") for state in ("Canceled", "Cancelled")),
    ],
)
def test_states_have_as_many_names_as_there_are_forms(form, state, type_):
    assert event(form(state=state)).type == type_


@FORMS
@pytest.mark.parametrize("state", ["Updated", "Active", "Resolved", "InProgress", "Unheard"])
def test_other_states_are_neither_a_start_nor_an_end(form, state):
    assert interpret(form(state=state), delivery_day=DAY) == NotAnUpgrade("state")


def test_an_acceptance_before_the_start_is_a_start_of_the_same_operation_and_no_end():
    accepted = event(export(state="Accept", time="2026-03-01T09:59:59Z"))
    started = event(export(state="Start"))
    assert accepted.operation_id == started.operation_id
    assert [accepted.type, started.type] == ["started", "started"]
    assert accepted.time < started.time


IDS = ("resourceId", "_ResourceId", "ResourceId", "correlationId", "CorrelationId", "operationId", "OperationId")


@FORMS
def test_ids_in_any_case_name_one_operation(form):
    record = form(POOL_WRITE, resource=POOL)
    upper, lower = (record | {name: spell(record[name]) for name in IDS if name in record} for spell in (str.upper, str.lower))
    assert event(upper) == event(lower) == event(record)
    assert event(record).node_pool == "blue"


def test_a_slash_at_the_end_of_an_id_makes_no_other_operation():
    assert event(rest(resource=f" {CLUSTER}/ ")) == event(rest())


@pytest.mark.parametrize(
    ("name", "document"),
    [
        pytest.param("a.json", {"records": [export(), export(state="Success")]}, id="an Event Hub batch"),
        pytest.param("a.json", {"value": [rest(), rest(state="Succeeded")]}, id="a REST answer"),
        pytest.param("a.json", [row(), row(state="Success")], id="an array"),
    ],
)
def test_records_are_taken_out_of_their_wrapper(name, document):
    delivered = io.BytesIO(json.dumps(document).encode())
    found = [event(record.value) for record in records(delivered, name=name, counts=Counts())]
    assert [each.type for each in found] == ["started", "succeeded"]


def test_hourly_blobs_hold_one_record_on_a_line_although_they_are_called_json():
    delivered = io.BytesIO(b"\r\n".join(json.dumps(record).encode() for record in (export(), export(state="Success"))))
    found = [event(record.value) for record in records(delivered, name="PT1H.json", counts=Counts())]
    assert [each.type for each in found] == ["started", "succeeded"]


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"requestbody": json.dumps(body("1.34.1"))}, id="right in the properties"),
        pytest.param(json.dumps({"requestbody": json.dumps(body("1.34.1"))}), id="in properties that are text"),
        pytest.param({"eventProperties": {"requestbody": body("1.34.1")}}, id="in event properties"),
        pytest.param({"eventProperties": json.dumps({"requestbody": body("1.34.1")})}, id="in event properties that are text"),
        pytest.param(json.dumps(json.dumps({"requestbody": body("1.34.1")})), id="in text within text"),
    ],
)
def test_properties_are_found_wherever_an_export_put_them(properties):
    assert event(export() | {"properties": properties}).to_version == "1.34.1"


def test_log_analytics_may_have_the_properties_as_an_object_only():
    found = event(row(Properties=None, Properties_d={"requestbody": json.dumps(body("1.34.1"))}))
    assert found.to_version == "1.34.1"
    cut = event(row(Properties='{"requestbody":"{', Properties_d={"requestbody": body("1.34.1")}))
    assert cut == found


@pytest.mark.parametrize(
    ("properties", "version"),
    [
        pytest.param({"requestbody": json.dumps(body("1.34.1"))}, "1.34.1", id="what was asked for"),
        pytest.param({"requestbody": "", "responseBody": json.dumps(body("1.34.1"))}, "1.34.1", id="what was answered"),
        pytest.param(
            {"requestbody": json.dumps(body("1.34")), "responseBody": json.dumps(body("1.33.2"))},
            "1.34",
            id="what was asked for before what was answered",
        ),
        pytest.param({"requestbody": '{"tags":{"a":"b"}}', "responseBody": body("v1.34.1")}, "v1.34.1", id="objects as well"),
        pytest.param({"requestbody": {"kubernetesVersion": "1.34.1"}}, "1.34.1", id="a body without its shell"),
        pytest.param({"requestbody": json.dumps(body("1.34.1"))[:60]}, None, id="a body that was cut shows nothing"),
        pytest.param({"requestbody": "", "responseBody": ""}, None, id="empty bodies show nothing"),
        pytest.param({"requestbody": "null", "responseBody": "[1]"}, None, id="bodies that are no objects show nothing"),
        pytest.param({"requestbody": body(1.34), "responseBody": body("marker@example.com")}, None, id="no version at all"),
        pytest.param({}, None, id="no body"),
    ],
)
def test_the_version_wanted_is_in_the_bodies_if_anywhere(properties, version):
    assert event(rest(properties=properties)).to_version == version


def test_a_pool_is_wanted_at_its_own_version():
    pool_body = {"properties": {"orchestratorVersion": "1.34.1", "kubernetesVersion": "1.35.0"}}
    assert event(rest(POOL_WRITE, resource=POOL, properties={"requestbody": pool_body})).to_version == "1.34.1"


def test_a_new_image_has_no_version_of_kubernetes():
    answer = {"properties": {"orchestratorVersion": "1.34.1", "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202602.13.0"}}
    renewed = event(rest(NEW_IMAGE, "Succeeded", POOL, properties={"responseBody": answer}))
    assert (renewed.scope, renewed.node_pool, renewed.to_version, renewed.flags) == ("node_image", "blue", None, 0)


def test_a_new_image_is_asked_for_by_either_name():
    assert event(rest(NEW_IMAGE.replace("/action", "/write"), resource=POOL)).scope == "node_image"


@pytest.mark.parametrize(
    ("pools", "scope"),
    [
        pytest.param(["1.33.2", "1.33.2"], "control_plane", id="all pools stay where they are"),
        pytest.param(["1.33"], "control_plane", id="a pool that stays at any patch of a version"),
        pytest.param(["1.34.1", "1.34.1"], "cluster", id="all pools follow"),
        pytest.param(["1.34.1", "1.33.2"], "cluster", id="one pool follows"),
        pytest.param(["1.33.2", None], "cluster", id="a pool without a version may follow"),
        pytest.param([], "cluster", id="without pools nothing is known"),
    ],
)
def test_the_control_plane_alone_is_changed_when_every_pool_is_to_keep_another_version(pools, scope):
    assert event(rest(properties={"requestbody": json.dumps(body("1.34.1", *pools))})).scope == scope


def test_pools_follow_a_version_without_a_patch_to_any_of_its_patches():
    assert event(rest(properties={"requestbody": body("1.34", "1.34.1")})).scope == "cluster"
    assert event(rest(properties={"requestbody": body("1.3", "1.34.1")})).scope == "control_plane"
    assert event(rest(properties={"requestbody": body("1.34.1", agentPoolProfiles=["blue"])})).scope == "cluster"
    assert event(rest(properties={"requestbody": body("1.34.1", agentPoolProfiles="blue")})).scope == "cluster"


@FORMS
@pytest.mark.parametrize(
    ("message", "flags"),
    [("Upgrade Succeeded", 0), ("Update Succeeded", Flag.WRITE), ("", Flag.WRITE), (7, Flag.WRITE), (None, Flag.WRITE)],
)
def test_a_write_is_an_upgrade_by_itself_only_when_azure_calls_it_one(form, message, flags):
    assert event(form(state="Succeeded", properties={"message": message})).flags == flags


@FORMS
def test_without_an_operation_id_the_correlation_tells_operations_apart(form):
    record = form(POOL_WRITE, resource=POOL, operationId=None, OperationId=None)
    if form is export:
        record["properties"] = {"eventCategory": "Administrative"}
    key = hashed(f"{CLUSTER_ID}/agentpools/blue", POOL_WRITE.lower(), CORRELATION)
    assert event(record).operation_id == f"azure_activity_log:{key}"


def test_one_correlation_over_several_pools_is_one_operation_for_each():
    records = [export(POOL_WRITE, resource=f"{CLUSTER}/agentPools/{pool}", properties=None) for pool in ("a", "b", "c")]
    records.append(export(CLUSTER_WRITE))
    found = [event(record) for record in records]
    assert len({each.operation_id for each in found}) == 4
    assert {each.upgrade_id for each in found} == {CORRELATION}


def test_retries_under_one_correlation_are_told_apart_by_their_operation_ids():
    assert event(rest()).operation_id != event(rest(operationId="09e4")).operation_id


@FORMS
@pytest.mark.parametrize(
    ("operation", "category", "kind"),
    [
        pytest.param("Microsoft.Resourcehealth/healthevent/Activated/action", "ResourceHealth", "other_category", id="health"),
        pytest.param("Microsoft.ServiceHealth/incident/action", "ServiceHealth", "other_category", id="an incident"),
        pytest.param("Microsoft.Authorization/policies/audit/action", "Policy", "other_category", id="a policy"),
        pytest.param(CLUSTER_WRITE, "Recommendation", "other_category", id="a recommendation about a write"),
        pytest.param("Microsoft.Network/networkSecurityGroups/write", "Administrative", "other_provider", id="a network"),
        pytest.param("Microsoft.Support/supportTickets/write", "Write", "other_provider", id="a ticket"),
        pytest.param("Microsoft.ContainerServices/managedClusters/write", "Write", "other_provider", id="a like name"),
        *(
            pytest.param(f"Microsoft.ContainerService/{operation}", category, "other_operation", id=operation)
            for operation, category in (
                ("managedClusters/listClusterUserCredential/action", "Action"),
                ("managedClusters/start/action", "Administrative"),
                ("managedClusters/stop/action", "Administrative"),
                ("managedClusters/delete", "Delete"),
                ("managedClusters/rotateClusterCertificates/action", "Administrative"),
                ("managedClusters/agentPools/delete", "Administrative"),
                ("managedClusters/agentPools/upgradeProfiles/read", "Administrative"),
                ("fleets/updateRuns/write", "Administrative"),
            )
        ),
    ],
)
def test_what_is_no_upgrade_is_named_and_not_refused_whatever_its_resource(form, operation, category, kind):
    assert interpret(form(operation, category=category, CategoryValue=category), delivery_day=DAY) == NotAnUpgrade(kind)
    bare = form(operation, category=category, CategoryValue=category, resourceId=None, ResourceId=None, _ResourceId=None)
    if kind != "other_operation":
        assert interpret(bare, delivery_day=DAY) == NotAnUpgrade(kind)


@pytest.mark.parametrize("category", ["Administrative", "Write", "Action", "WRITE", None])
def test_administrative_records_are_called_by_the_kind_of_their_request_as_well(category):
    assert event(export(category=category)).type == "started"


def test_an_extension_of_a_cluster_is_not_the_cluster():
    setting = f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/all"
    assert interpret(export(resource=setting), delivery_day=DAY) == NotAnUpgrade("other_provider")


@FORMS
@pytest.mark.parametrize(("operation", "resource", "scope"), [(ABORT, CLUSTER, "cluster"), (ABORT_POOL, POOL, "node_pool")])
def test_an_abort_is_a_loose_end_for_whatever_is_running_on_its_resource(form, operation, resource, scope):
    aborted = event(form(operation, "Succeeded", resource, properties={"message": "Upgrade aborted", "statusMessage": "x"}))
    assert (aborted.type, aborted.flags, aborted.scope) == ("cancelled", Flag.LOOSE, scope)
    assert (aborted.trigger, aborted.upgrade_id, aborted.to_version, aborted.error_message) == (None, None, None, None)
    path = CLUSTER_ID if scope == "cluster" else f"{CLUSTER_ID}/agentpools/blue"
    assert aborted.operation_id == f"azure_activity_log:{hashed(path, 'abort', OPERATION)}"


@pytest.mark.parametrize("state", ["Started", "Accepted", "Failed", "Canceled"])
def test_an_abort_that_did_not_succeed_ends_nothing(state):
    assert interpret(rest(ABORT, state), delivery_day=DAY) == NotAnUpgrade("state")


@pytest.mark.parametrize(
    ("caller", "claims", "trigger"),
    [
        pytest.param("jo@example.com", PERSON, "manual", id="a person"),
        pytest.param("jo@example.com", {}, "manual", id="a person by name alone"),
        pytest.param("11111111-2222-3333-4444-555555555555", {}, "manual", id="a service principal by its id alone"),
        pytest.param(None, {"appid": "11111111-2222-3333-4444-555555555555"}, "manual", id="a service principal's token"),
        pytest.param(None, {"upn": "jo@example.com"}, "manual", id="a person's token"),
        pytest.param("11111111-2222-3333-4444-555555555555", {"appid": AKS_ITSELF}, "auto_channel", id="AKS itself"),
        pytest.param(AKS_ITSELF.upper(), {}, "auto_channel", id="AKS itself by its id"),
        pytest.param("AzureContainerService", {}, "auto_channel", id="AKS itself by its name"),
        pytest.param("Microsoft.ContainerService", {}, "auto_channel", id="AKS itself by its provider"),
        pytest.param("11111111-2222-3333-4444-555555555555", {"appid": FLEET_MANAGER}, "unknown", id="a Fleet for somebody"),
        pytest.param("System", {}, "unknown", id="a name that says nothing"),
        pytest.param(None, {}, "unknown", id="nobody"),
        pytest.param(7, {"appid": 7, "upn": None}, "unknown", id="nothing that could be read"),
    ],
)
def test_who_called_says_who_wanted_the_upgrade(caller, claims, trigger):
    records = [
        rest(caller=caller, claims=claims),
        rest(caller=caller, claims=json.dumps(claims)),
        row(Caller=caller, Claims_d=claims, Claims=None),
        row(Caller=caller, Claims_d=None, Claims=json.dumps(claims)),
        export(caller=caller, identity={"authorization": {"scope": "s"}, "claims": claims}),
    ]
    assert {event(record).trigger for record in records} == {trigger}


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        pytest.param(failure("SubnetIsFull", message="No room"), "SubnetIsFull", "No room", id="a code and its message"),
        pytest.param(
            failure("ResourceOperationFailure", "UpgradeFailed", "PodDrainFailure", message="Too Many Requests"),
            "PodDrainFailure",
            "Too Many Requests",
            id="the innermost code counts",
        ),
        pytest.param(
            failure("ResourceOperationFailure", "QuotaExceeded", "BadRequest", message="bad"),
            "QuotaExceeded",
            "QuotaExceeded, see below",
            id="unless it is a wrapper",
        ),
        pytest.param(
            failure("ResourceOperationFailure", "UpgradeFailed", "Unspecified", message="Too Many Requests"),
            "UpgradeFailed",
            "Too Many Requests",
            id="among wrappers the one that says anything counts, with what is said inside",
        ),
        pytest.param(
            failure("DeploymentFailed", "Conflict"), "DeploymentFailed", "no reason given", id="the outer one if none does"
        ),
        pytest.param(
            json.dumps({"code": "ValidationError", "message": "blocked", "subcode": "UpgradeBlockedOnDeprecatedAPIUsage"}),
            "UpgradeBlockedOnDeprecatedAPIUsage",
            "blocked",
            id="AKS has subcodes, and no shell around an error",
        ),
        pytest.param(
            json.dumps(
                {"error": {"code": "BadRequest", "message": failure("UpgradeFailed", "AllocationFailed", message="full")}}
            ),
            "AllocationFailed",
            "full",
            id="a message may be an error again",
        ),
        pytest.param(
            json.dumps({"error": {"code": "UpgradeFailed", "details": [{"code": "A1", "message": "one"}, {"code": "B2"}]}}),
            "A1",
            "one",
            id="of several that are equally deep the first counts",
        ),
        pytest.param(
            json.dumps({"error": {"code": "UpgradeFailed", "details": [failure("QuotaExceeded", message="cores")]}}),
            "QuotaExceeded",
            "cores",
            id="details may be text",
        ),
        pytest.param(
            {"error": {"code": "QuotaExceeded", "message": " "}}, "QuotaExceeded", None, id="an object without a message"
        ),
        pytest.param("The request was throttled.", None, "The request was throttled.", id="plain text is a message"),
        pytest.param('{"error":{"code":"Quota', None, '{"error":{"code":"Quota', id="and so is an error that was cut"),
        pytest.param('{"error":{"code":"what is this?","message":"m"}}', None, "m", id="a code is one word"),
        pytest.param("", None, None, id="empty text is none"),
        pytest.param(None, None, None, id="nothing"),
        pytest.param([7], None, None, id="anything else"),
    ],
)
def test_a_failure_has_the_innermost_code_and_its_message(status, code, message):
    failed = event(rest(state="Failed", properties={"statusMessage": status, "statusCode": "Conflict"}))
    assert (failed.type, failed.error_code, failed.error_message) == ("failed", code, message)


@pytest.mark.parametrize(
    ("state", "code", "type_"),
    [
        ("Failed", "OperationPreempted", "superseded"),
        ("Failed", "OperationCanceled", "cancelled"),
        ("Canceled", "OperationCanceled", "cancelled"),
        ("Canceled", "QuotaExceeded", "cancelled"),
        ("Failed", "QuotaExceeded", "failed"),
    ],
)
def test_an_upgrade_that_gave_way_or_was_called_off_did_not_fail(state, code, type_):
    ended = event(rest(state=state, properties={"statusMessage": failure("UpgradeFailed", code)}))
    assert (ended.type, ended.error_code) == (type_, code)


def test_a_success_has_no_error_whatever_it_says():
    succeeded = event(rest(state="Succeeded", properties={"statusMessage": failure("UnsatisfiablePDB")}))
    assert (succeeded.error_code, succeeded.error_message, succeeded.flags) == (None, None, Flag.WRITE)


@pytest.mark.parametrize(
    ("state", "codes", "flags"),
    [
        pytest.param("Failed", ["UnsatisfiablePDB"], Flag.WRITE | Flag.PREFLIGHT, id="refused at the door"),
        pytest.param("Failed", ["UpgradeFailed", "K8sVersionNotSupported"], Flag.WRITE | Flag.PREFLIGHT, id="within a wrapper"),
        pytest.param("Failed", ["PodDrainFailure"], Flag.WRITE, id="failed on the way"),
        pytest.param("Canceled", ["InvalidParameter"], Flag.WRITE, id="called off"),
    ],
)
def test_a_failure_before_anything_was_touched_is_marked(state, codes, flags):
    assert event(rest(state=state, properties={"statusMessage": failure(*codes)})).flags == flags


def test_a_message_keeps_the_ids_of_the_cluster_and_no_others():
    message = f"{SUBSCRIPTION.upper()} of 10.1.2.3, asked by jo@example.com: shop/cart-0 blocked by pdb shop/cart, {CORRELATION}"
    failed = event(rest(state="Failed", properties={"statusMessage": failure("PodDrainFailure", message=message)}))
    assert failed.error_message == (f"{SUBSCRIPTION.upper()} of <ip>, asked by <email>: <name> blocked by pdb <name>, <guid>")


@pytest.mark.parametrize(
    ("submitted", "observed_at"),
    [
        pytest.param("2026-03-01T10:05:00Z", "2026-03-01T10:05:00", id="when it was submitted"),
        pytest.param(None, "2026-03-01T10:00:00.123456", id="else when it happened"),
        pytest.param("soon", "2026-03-01T10:00:00.123456", id="also when that is no moment"),
        pytest.param("2036-03-01T10:05:00Z", "2026-03-01T10:00:00.123456", id="or one that cannot be"),
    ],
)
def test_a_record_is_observed_when_it_was_submitted(submitted, observed_at):
    assert event(rest(submissionTimestamp=submitted)).observed_at == at(observed_at)
    assert event(row(EventSubmissionTimestamp=submitted)).observed_at == at(observed_at)
    assert event(rest(submissionTimestamp=submitted)).id == event(rest()).id


def test_the_place_where_a_record_was_processed_is_no_region():
    found = event(export(location="westeurope", properties={"requestbody": body("1.34.1")}))
    assert found.region is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({}, "missing_field:operationName", id="an empty object"),
        pytest.param(rest(operationName={"localizedValue": "x"}), "missing_field:operationName", id="a translation alone"),
        pytest.param(rest(operationName={"value": 7}), "invalid_type:operationName.value", id="an operation that is no text"),
        pytest.param(export(operationName=[]), "invalid_type:operationName", id="an operation that is a list"),
        pytest.param(row(OperationNameValue=""), "missing_field:OperationNameValue", id="a row without an operation"),
        pytest.param(rest(status={"value": ""}), "missing_field:status", id="no state"),
        pytest.param(export(resultType=None), "missing_field:resultType", id="no result"),
        pytest.param(rest(category=7), "invalid_type:category", id="a category that is no text"),
        pytest.param(rest(resourceId=None), "missing_field:resourceId", id="no resource"),
        pytest.param(row(_ResourceId="", ResourceId=None), "missing_field:_ResourceId", id="a row without a resource"),
        pytest.param(rest(resource=f"/subscriptions/{SUBSCRIPTION}"), "invalid_value:resourceId", id="no cluster"),
        pytest.param(rest(POOL_WRITE, resource=CLUSTER), "invalid_value:resourceId", id="the write of a pool without one"),
        pytest.param(rest(CLUSTER_WRITE, resource=POOL), "invalid_value:resourceId", id="the write of a cluster on a pool"),
        pytest.param(rest(operationId=None, correlationId=None), "missing_field:correlationId", id="nothing that tells it apart"),
        pytest.param(rest(operationId=7), "invalid_type:operationId", id="an operation id that is no text"),
        pytest.param(rest(correlationId=7), "invalid_type:correlationId", id="a correlation that is no text"),
        pytest.param(rest(eventTimestamp=None), "missing_field:eventTimestamp", id="no time"),
        pytest.param(row(TimeGenerated=""), "missing_field:TimeGenerated", id="an empty time"),
        pytest.param(rest(eventTimestamp="2026-03-01T10:00:00"), "invalid_time", id="a time without an offset"),
        pytest.param(export(time={}), "invalid_time", id="a time that is an object"),
        pytest.param(export(time="2012-03-01T10:00:00Z"), "time_out_of_range", id="a time before Kubernetes"),
        pytest.param(export(time="2026-03-04T00:00:01Z"), "time_out_of_range", id="a time after the delivery"),
    ],
)
def test_a_record_that_cannot_be_understood_is_refused_with_the_field(record, reason):
    assert interpret(record, delivery_day=DAY) == Refused(reason)


def test_a_row_without_its_newer_resource_column_has_the_older():
    assert event(row(_ResourceId=None)).id == event(row(_ResourceId="")).id == event(row()).id


MARKER_BODY = {"properties": {"kubernetesVersion": "1.34.1", "linuxProfile": {"adminUsername": "MARKER"}}}


@FORMS
@pytest.mark.parametrize("state", ["Started", "Failed"])
def test_nothing_of_callers_requests_and_bodies_reaches_an_event(form, state):
    properties = {"requestbody": json.dumps(MARKER_BODY), "responseBody": MARKER_BODY, "statusMessage": failure("QuotaExceeded")}
    everywhere = dict.fromkeys(
        ("httpRequest", "Authorization_d", "identity_claim_upn_s", "UserAgent"), "MARKER marker@example.com"
    )
    said = repr(event(form(state=state, properties=properties, **everywhere))).lower()
    assert "1.34.1" in said
    assert "marker" not in said
    assert "203.0.113.7" not in said


@pytest.mark.parametrize(
    "name", ["httpRequest", "claims", "caller", "identity", "authorization", "properties", "submissionTimestamp"]
)
def test_evidence_that_is_malformed_is_none_and_refuses_no_record(name):
    for value in (7, "x", [], [{}], {"value": []}, {"claims": []}, True, {"a": {"b": None}}):
        assert event(rest() | {name: value}).type == "started"


def test_nesting_of_any_depth_is_read_to_its_end():
    error: dict[str, Any] = {"code": "QuotaExceeded"}
    for _ in range(900):
        error = {"code": "UpgradeFailed", "details": [error]}
    assert event(rest(state="Failed", properties={"statusMessage": error})).error_code == "QuotaExceeded"
    too_deep = '{"details":' * 5_000 + "{}" + "}" * 5_000
    assert event(rest(state="Failed", properties={"statusMessage": too_deep})).error_code is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["code", "details"]), inner)
    ),
    max_leaves=8,
)
FULL = [
    form(
        operation,
        state,
        resource,
        properties={"requestbody": body("1.34.1", "1.33.1"), "statusMessage": json.loads(failure("A", "B"))},
    )
    for form in (rest, export, row)
    for operation, resource in ((CLUSTER_WRITE, CLUSTER), (POOL_WRITE, POOL), (NEW_IMAGE, POOL), (ABORT, CLUSTER))
    for state in ("Started", "Failed", "Succeeded")
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in [(*path, key), *places(each, (*path, key))]]


@settings(max_examples=250, deadline=None)
@given(data=st.data(), record=st.sampled_from(FULL))
def test_every_record_ends_in_exactly_one_outcome(data, record):
    record = deepcopy(record)
    for _ in range(data.draw(st.integers(0, 3))):
        *way, last = data.draw(st.sampled_from(places(record)))
        holder: Any = record
        for key in way:
            holder = holder[key]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = data.draw(JSON | JSON.map(json.dumps))
    outcome = interpret(record, delivery_day=DAY)
    assert outcome == interpret(record, delivery_day=DAY)
    match outcome:
        case Accepted((found,)):
            assert found.thread == "azure"
            assert EARLIEST <= found.time <= at("2026-03-04T00:00:00")
        case Refused(reason):
            assert reason
        case NotAnUpgrade(kind):
            assert kind
