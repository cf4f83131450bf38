"""Azure Activity Log records of managed clusters: exported, as REST gives them, and as rows of Log Analytics.

Belongs here: the records that one operation leaves, in the three forms.
Does not belong here: what the pipeline makes of them (`assets/telemetry/sources/azure_activity_log.py`).
"""

import json
from dataclasses import dataclass
from typing import Any

from assets.simulation.formats.arm import written
from assets.simulation.formats.format import (
    EXAMPLE_MOMENT,
    LINE_DEFECTS,
    LINES,
    Dialect,
    Envelope,
    Format,
    Record,
    without,
    wrong,
)
from assets.simulation.formats.operation import NANOSECONDS, Operation, guid, rfc3339

_OPERATIONS = {
    "control_plane": "Microsoft.ContainerService/managedClusters/write",
    "node_pool": "Microsoft.ContainerService/managedClusters/agentPools/write",
    "node_image": "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",
}
# Status and sub-status of the records that an event leaves. A request is accepted a little after it starts.
_STATUSES = {
    "started": (("Started", ""), ("Accepted", "Created")),
    "succeeded": (("Succeeded", "OK"),),
    "failed": (("Failed", "Conflict"),),
    "cancelled": (("Canceled", ""),),
    "superseded": (("Failed", "Conflict"),),
}
_EXPORTED_STATUSES = {
    "Started": "Start",
    "Accepted": "Accept",
    "Succeeded": "Success",
    "Failed": "Failure",
    "Canceled": "Canceled",
}
_UNTIL_ACCEPTED = 2 * NANOSECONDS
_UNTIL_SUBMITTED = 45 * NANOSECONDS
_AUTOMATIC = ("auto_channel", "maintenance", "security", "forced_eol")
# Codes that only say that something was wrong: the messages tell what.
_WRAPPERS = ("UpgradeFailed",)
# Of so many operations one comes with a read of the cluster's credentials.
_OPERATIONS_PER_OTHER = 40


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the three forms say in different words. `moment`: nanoseconds since 1970."""

    moment: int
    resource_id: str
    operation: str
    status: str
    sub_status: str
    correlation_id: str
    operation_id: str
    caller: str
    properties: dict[str, Any]


def carries(operation: Operation) -> bool:
    """The log has requests: neither plans nor what was skipped."""
    return operation.outcome != "skipped" and (operation.started_at is not None or operation.finished_at is not None)


def exported(operation: Operation, event_type: str) -> list[Record]:
    """Records of a diagnostic setting, in capitals."""
    return [
        {
            "time": rfc3339(entry.moment, digits=7),
            "resourceId": entry.resource_id.upper(),
            "operationName": entry.operation.upper(),
            "category": "Administrative",
            "resultType": _EXPORTED_STATUSES[entry.status],
            "resultSignature": f"{entry.status}.{entry.sub_status}",
            "durationMs": "0",
            "callerIpAddress": "203.0.113.7",
            "correlationId": entry.correlation_id,
            "identity": {"claims": {"appid": entry.caller}},
            "level": "Error" if entry.status == "Failed" else "Information",
            "location": "global",
            "properties": entry.properties,
        }
        for entry in _entries(operation, event_type)
    ]


def rest(operation: Operation, event_type: str) -> list[Record]:
    """Records as REST, the portal and the command line give them."""
    return [
        {
            "caller": entry.caller,
            "claims": {"appid": entry.caller},
            "category": {"value": "Administrative", "localizedValue": "Administrative"},
            "correlationId": entry.correlation_id,
            "eventDataId": guid("entry", operation.serial, entry.status),
            "eventTimestamp": rfc3339(entry.moment, digits=7),
            "level": "Error" if entry.status == "Failed" else "Informational",
            "operationId": entry.operation_id,
            "operationName": {"value": entry.operation, "localizedValue": entry.operation},
            "resourceId": entry.resource_id,
            "status": {"value": entry.status, "localizedValue": entry.status},
            "subStatus": {"value": entry.sub_status, "localizedValue": entry.sub_status},
            "submissionTimestamp": rfc3339(entry.moment + _UNTIL_SUBMITTED, digits=7),
            "properties": entry.properties,
        }
        for entry in _entries(operation, event_type)
    ]


def log_analytics(operation: Operation, event_type: str) -> list[Record]:
    """Rows of the table AzureActivity, whose objects are text."""
    return [
        {
            "TimeGenerated": rfc3339(entry.moment, digits=7),
            "EventSubmissionTimestamp": rfc3339(entry.moment + _UNTIL_SUBMITTED, digits=7),
            "OperationNameValue": entry.operation.upper(),
            "ActivityStatusValue": _EXPORTED_STATUSES[entry.status],
            "ActivitySubstatusValue": entry.sub_status,
            "CategoryValue": "Administrative",
            "CorrelationId": entry.correlation_id,
            "OperationId": entry.operation_id,
            "Caller": entry.caller,
            "Claims_d": {"appid": entry.caller},
            "_ResourceId": entry.resource_id.lower(),
            "Properties": json.dumps(entry.properties),
        }
        for entry in _entries(operation, event_type)
    ]


def _entries(operation: Operation, event_type: str) -> list[_Entry]:
    moment = operation.at(event_type)
    if event_type not in _STATUSES or moment is None:
        return []
    resource_id = written(operation.cluster_id)
    if operation.node_pool:
        resource_id += f"/agentPools/{operation.node_pool}"
    correlation_id = guid("correlation", operation.serial)
    # People have names; AKS calls for itself when a channel or a maintenance window says so.
    caller = "azurecontainerservice" if operation.trigger in _AUTOMATIC else f"operator{operation.cluster % 7}@example.com"
    entries = [
        _Entry(
            moment=moment + _UNTIL_ACCEPTED * (status == "Accepted"),
            resource_id=resource_id,
            operation=_OPERATIONS[operation.scope],
            status=status,
            sub_status=sub_status,
            correlation_id=correlation_id,
            operation_id=guid("request", operation.serial),
            caller=caller,
            properties=_properties(operation, status, sub_status, event_type),
        )
        for status, sub_status in _STATUSES[event_type]
    ]
    if event_type == "started" and operation.serial % _OPERATIONS_PER_OTHER == 0:
        other = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
        read = _Entry(
            moment=moment,
            resource_id=written(operation.cluster_id),
            operation=other,
            status="Succeeded",
            sub_status="OK",
            correlation_id=guid("read", operation.serial),
            operation_id=guid("read", operation.serial),
            caller=caller,
            properties={"statusCode": "OK"},
        )
        entries.append(read)
    return entries


def _properties(operation: Operation, status: str, sub_status: str, event_type: str) -> dict[str, Any]:
    properties = {"statusCode": sub_status, "eventCategory": "Administrative", **_body(operation, status)}
    if status != "Started":  # the very first record does not know yet what the request is about
        properties["message"] = f"Upgrade {status}"
    match event_type:
        case "failed" if operation.failure:
            properties["statusMessage"] = json.dumps({"status": "Failed", "error": _error(operation)})
        case "superseded":
            error = {"code": "OperationPreempted", "message": "A newer request preempted the operation."}
            properties["statusMessage"] = json.dumps({"status": "Failed", "error": error})
    return properties


def _body(operation: Operation, status: str) -> dict[str, str]:
    """The body of the request, or of the answer to one that succeeded; that of an upgrade of the control plane alone leaves the
    pools at their version.
    """
    match operation.scope:
        case "control_plane":
            pools = [{"name": "system", "orchestratorVersion": operation.from_version}]
            wanted = {"kubernetesVersion": operation.to_version, "agentPoolProfiles": pools}
        case "node_pool":
            wanted = {"orchestratorVersion": operation.to_version}
        case _:
            return {}
    return {"responseBody" if status == "Succeeded" else "requestbody": json.dumps({"properties": wanted})}


def _error(operation: Operation) -> dict[str, Any]:
    """The failure, the wrapped ones of every other cluster inside details, as Azure Resource Manager nests them."""
    error: dict[str, Any] = {"code": operation.failure, "message": operation.message}
    if operation.failure in _WRAPPERS or operation.cluster % 2:
        return error
    return {
        "code": "ResourceOperationFailure",
        "message": "The resource operation completed with terminal provisioning state 'Failed'.",
        "details": [error],
    }


_EXAMPLE = {
    "time": EXAMPLE_MOMENT,
    "resourceId": "/SUBSCRIPTIONS/0000/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C1",
    "operationName": "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/WRITE",
    "category": "Administrative",
    "resultType": "Start",
    "correlationId": "c-1",
}

FORMAT = Format(
    source="azure_activity_log",
    provider="aks",
    carries=carries,
    dialects=(
        Dialect(exported, LINES),  # a storage account
        Dialect(exported, Envelope('{"records":[', "]}", 4)),  # an Event Hub
        Dialect(rest, Envelope('{"value":[', "]}", 0)),
        Dialect(rest, Envelope("[", "]", 0)),
        Dialect(log_analytics, LINES),
    ),
    defects=(
        *LINE_DEFECTS,
        without("operationName", _EXAMPLE),
        without("resultType", _EXAMPLE),
        without("resourceId", _EXAMPLE),
        without("correlationId", _EXAMPLE),
        without("time", _EXAMPLE),
        wrong("invalid_time", _EXAMPLE, {"time": "2026-11-20 08:15:30"}),
        wrong("time_out_of_range", _EXAMPLE, {"time": "1970-01-01T00:00:00.0000000Z"}),
    ),
)
