"""Azure Activity Log records of managed clusters, in the three forms in which Azure hands out one and the same record.

Belongs here: which administrative operations may be upgrades, and what one record of one says.
Does not belong here: taking records out of files (`envelopes.py`), ids of resources (`arm.py`), what only other records show, as
whether a write changed the version and which operation an abort ended (`assets/upgrades/`).

The forms are REST (also that of the portal and the command line), the export of a diagnostic setting to Event Hubs or storage,
and the rows of AzureActivity in Log Analytics. They differ in names and case, and in which objects are written as text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from assets.telemetry.canonical import time_is_in_range
from assets.telemetry.flags import Flag
from assets.telemetry.sources.arm import Resource, resource
from assets.telemetry.sources.fields import optional, required
from assets.telemetry.sources.identity import Statement, operation_id
from assets.telemetry.sources.outcomes import Accepted, NotAnUpgrade, Outcome, RecordError, Refused
from assets.telemetry.sources.preflight import PREFLIGHT_CODES
from assets.telemetry.sources.privacy import mask
from assets.telemetry.sources.times import accepted_moment, parse_moment

NAME = "azure_activity_log"

_AKS = "microsoft.containerservice"
_CLUSTERS = f"{_AKS}/managedclusters"
_POOLS = f"{_CLUSTERS}/agentpools"
# Operations that may be upgrades, and what they change.
_SCOPES = {
    f"{_CLUSTERS}/write": "cluster",
    f"{_POOLS}/write": "node_pool",
    f"{_POOLS}/upgradenodeimageversion/action": "node_image",
    f"{_POOLS}/upgradenodeimageversion/write": "node_image",
}
# Operations that end the one that is running on a resource.
_ABORTS = {f"{_CLUSTERS}/abort/action": "cluster", f"{_POOLS}/abort/action": "node_pool"}
# Older exports name the kind of request where the others say `Administrative`.
_CATEGORIES = frozenset({"administrative", "write", "action", "delete"})
# Accepted is no end: the work begins with it.
_TYPES = {
    **dict.fromkeys(("start", "started", "accept", "accepted"), "started"),
    **dict.fromkeys(("success", "succeeded"), "succeeded"),
    **dict.fromkeys(("failure", "failed"), "failed"),
    **dict.fromkeys(("canceled", "cancelled"), "cancelled"),
}
_TYPES_BY_CODE = {"OperationPreempted": "superseded", "OperationCanceled": "cancelled"}
_LOOSE, _WRITE, _PREFLIGHT = (flag.value for flag in (Flag.LOOSE, Flag.WRITE, Flag.PREFLIGHT))

_BODIES = ("requestbody", "requestBody", "responseBody", "responsebody")
_VERSION_FIELDS = {"cluster": "kubernetesVersion", "node_pool": "orchestratorVersion"}
_VERSION = re.compile(r"v?\d{1,9}(?:\.\d{1,9}){1,2}[\w.+-]{0,60}", re.ASCII)

_CODE = re.compile(r"[A-Za-z][\w.-]{0,99}", re.ASCII)
# Codes that say "see below": those of Azure Resource Manager nothing else, those of AKS at least what was under way.
_ENVELOPES = frozenset({"ResourceOperationFailure", "ResourceDeploymentFailure", "DeploymentFailed", "Conflict", "Unspecified"})
_WRAPPERS = _ENVELOPES | {"UpgradeFailed", "ValidationError", "BadRequest", "VMExtensionProvisioningError"}

# Application and names of the AKS resource provider, the same in every tenant: it calls when an upgrade channel is due.
_AKS_CALLERS = frozenset({"7319c514-987d-4e9b-ac3d-d38c4f427f4c", "azurecontainerservice", _AKS})
# Application of the Fleet Manager: it calls for whoever made the update run, and only the run tells who that was.
_FLEET_CALLER = "609d2f62-527f-4451-bfd2-ac2c7850822c"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_APPLICATION_CLAIMS = ("appid", "azp")
_PRINCIPAL_CLAIMS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "oid",
    "upn",
)


@dataclass(frozen=True, slots=True)
class _Form:
    """The names of the fields in one form; of several names the first that is there counts."""

    time: str
    status: str
    submitted: str = "submissionTimestamp"
    operation: str = "operationName"
    category: str = "category"
    resource: tuple[str, ...] = ("resourceId",)
    correlation: str = "correlationId"
    operation_id: str = "operationId"
    properties: tuple[str, ...] = ("properties",)
    caller: str = "caller"
    claims: tuple[str, ...] = ("claims",)


_REST = _Form(time="eventTimestamp", status="status")
_EXPORT = _Form(time="time", status="resultType", claims=("identity",))
_LOG_ANALYTICS = _Form(
    time="TimeGenerated",
    status="ActivityStatusValue",
    submitted="EventSubmissionTimestamp",
    operation="OperationNameValue",
    category="CategoryValue",
    resource=("_ResourceId", "ResourceId"),
    correlation="CorrelationId",
    operation_id="OperationId",
    properties=("Properties", "Properties_d"),
    caller="Caller",
    claims=("Claims_d", "Claims"),
)


def interpret(record: dict[str, Any], *, delivery_day: date) -> Outcome:
    """What one record says, in whichever form.

    Not an upgrade: `other_category`, `other_provider`, `other_operation` (of AKS), `state` (neither a start nor an end).
    """
    try:
        return _interpret(record, delivery_day)
    except RecordError as refused:
        return Refused(refused.reason)


def _interpret(record: dict[str, Any], delivery_day: date) -> Accepted | NotAnUpgrade:
    form = _form(record)
    category = _value(record, form.category)
    if category and category.lower() not in _CATEGORIES:
        return NotAnUpgrade("other_category")
    operation = _required(record, form.operation).lower()
    if not operation.startswith(f"{_AKS}/"):
        return NotAnUpgrade("other_provider")
    is_abort = operation in _ABORTS
    scope = _ABORTS[operation] if is_abort else _SCOPES.get(operation)
    if scope is None:
        return NotAnUpgrade("other_operation")
    type_ = _TYPES.get(_required(record, form.status).lower())
    if type_ is None or (is_abort and type_ != "succeeded"):
        return NotAnUpgrade("state")
    found = _resource(record, form, scope)
    if found.provider_namespace != _AKS:
        return NotAnUpgrade("other_provider")

    properties = _properties(record, form)
    correlation = optional(record, form.correlation, str)
    key = optional(record, form.operation_id, str) or optional(properties, "properties.operationId", str) or correlation
    if key is None:
        raise RecordError(f"missing_field:{form.correlation}")
    time = accepted_moment(required(record, form.time, object), delivery_day=delivery_day)
    said: dict[str, Any]
    if is_abort:
        # Neither who aborted an upgrade nor the correlation of the abort says anything about the upgrade.
        type_, flags, said = "cancelled", _LOOSE, {"scope": scope}
    else:
        type_, flags, said = _said(properties, type_, scope, found)
        said["trigger"], said["upgrade_id"] = _trigger(record, form), correlation and correlation.lower()
    stated = Statement(
        NAME,
        operation_id(NAME, _path(found), "abort" if is_abort else operation, key.lower()),
        observed_at=_observed_at(record.get(form.submitted), time, delivery_day),
        cluster_id=found.cluster_id,
        provider="aks",
        node_pool=found.node_pool,
        thread="azure",
        **said,
    )
    return Accepted((stated.fact(type_, time, flags=flags),))


def _form(record: dict[str, Any]) -> _Form:
    if "TimeGenerated" in record or "OperationNameValue" in record:
        return _LOG_ANALYTICS
    is_rest = "eventTimestamp" in record or isinstance(record.get("operationName"), dict)
    return _REST if is_rest else _EXPORT


def _value(record: dict[str, Any], name: str) -> str | None:
    """A text, in REST beside its translation: `{"value": "Started", "localizedValue": "Gestartet"}`."""
    field = record.get(name)
    return optional(field, f"{name}.value", str) if isinstance(field, dict) else optional(record, name, str)


def _required(record: dict[str, Any], name: str) -> str:
    value = _value(record, name)
    if value is None:
        raise RecordError(f"missing_field:{name}")
    return value


def _resource(record: dict[str, Any], form: _Form, scope: str) -> Resource:
    """The cluster or pool that the operation changed; the write of a pool is one of a pool, that of a cluster is not."""
    for name in form.resource:
        path = optional(record, name, str)
        if path is not None:
            found = resource(path)
            if found is None or (scope != "node_image" and (scope == "node_pool") != (found.node_pool is not None)):
                raise RecordError(f"invalid_value:{name}")
            return found
    raise RecordError(f"missing_field:{form.resource[0]}")


def _path(found: Resource) -> str:
    return found.cluster_id if found.node_pool is None else f"{found.cluster_id}/agentpools/{found.node_pool}"


def _properties(record: dict[str, Any], form: _Form) -> dict[str, Any]:
    properties = _first_object(record, form.properties)
    inner = _object(properties.get("eventProperties"))
    return properties | inner if inner else properties


def _observed_at(submitted: object, time: datetime, delivery_day: date) -> datetime:
    """When the record could be read first; the time of the event where that is not said."""
    moment = parse_moment(submitted)
    return moment if moment is not None and time_is_in_range(moment, delivery_day) else time


def _said(properties: dict[str, Any], type_: str, scope: str, found: Resource) -> tuple[str, int, dict[str, Any]]:
    """What the record says of an operation beyond where and when it was: type and flags of the event, and more of its fields."""
    flags = 0 if scope == "node_image" or _is_of_an_upgrade(properties.get("message")) else _WRITE
    scope, to_version = _wanted(properties, scope)
    code = message = None
    if type_ in ("failed", "cancelled"):
        code, text = _error(properties.get("statusMessage"))
        message = text and mask(text, keep=found.cluster_id.split("/"))
        type_ = _TYPES_BY_CODE.get(code or "", type_)
        if type_ == "failed" and code in PREFLIGHT_CODES:
            flags |= _PREFLIGHT
    said = {
        "scope": scope,
        "to_version": to_version,
        "error_code": code,
        "error_message": message,
    }
    return type_, flags, said


def _is_of_an_upgrade(message: object) -> bool:
    return isinstance(message, str) and message.startswith("Upgrade")


def _wanted(properties: dict[str, Any], scope: str) -> tuple[str, str | None]:
    """Scope and version that the bodies show; a body that is empty or cut shows nothing, and no body shows an image.

    The control plane alone is changed when the version of every pool is given and none is the one wanted: AKS takes a new version
    of a cluster only with all of its pools following, or all of them staying where they are.
    """
    if scope not in _VERSION_FIELDS:
        return scope, None
    field = _VERSION_FIELDS[scope]
    for name in _BODIES:
        body = _object(properties.get(name))
        wanted = _object(body.get("properties")) if "properties" in body else body
        if version := _version(wanted.get(field)):
            pools = wanted.get("agentPoolProfiles") if scope == "cluster" else None
            stay = isinstance(pools, list) and pools and all(_stays(pool, version) for pool in pools)
            return "control_plane" if stay else scope, version
    return scope, None


def _stays(pool: object, version: str) -> bool:
    """Whether a pool is to have another version; `1.34` is every 1.34.x."""
    wanted = _version(_object(pool).get(_VERSION_FIELDS["node_pool"]))
    return wanted is not None and not f"{wanted}.".startswith(f"{version}.")


def _version(value: object) -> str | None:
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else None


def _error(status: object) -> tuple[str | None, str | None]:
    """Code and message of a failure: of the innermost error that is no wrapper, else of the outermost that says anything.

    What a wrapper means is in the messages inside it, of which the innermost is given with its code.
    """
    document = _object(status)
    if not document:
        return None, status.strip() or None if isinstance(status, str) else None
    errors = list(_errors(document))
    innermost_message = next((message for _, message in reversed(errors) if message), None)
    for code, message in reversed(errors):
        if code and code not in _WRAPPERS:
            return code, message or innermost_message
    codes = [code for code, _ in errors if code]
    return next((code for code in codes if code not in _ENVELOPES), codes[0] if codes else None), innermost_message


def _errors(document: dict[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """Code and message of every error in a document, from the outermost inwards; of those equally deep the first comes last."""
    level = [document]
    while level:
        for error in reversed(level):
            code, message = error.get("code"), error.get("message")
            yield (
                code if isinstance(code, str) and _CODE.fullmatch(code) else None,
                message.strip() or None if isinstance(message, str) and not _object(message) else None,
            )
        level = [inner for error in level for inner in _inner(error)]


def _inner(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The errors right inside an error, some of them written as text."""
    if "subcode" in error:
        yield {"code": error["subcode"]}
    for name in ("error", "innererror", "innerError", "message", "details"):
        value = error.get(name)
        for one in value if isinstance(value, list) else (value,):
            if inner := _object(one):
                yield inner


def _trigger(record: dict[str, Any], form: _Form) -> str:
    """Who wanted the change, by who called; nothing else of the caller is kept."""
    identity = _first_object(record, form.claims)
    claims = _object(identity.get("claims")) or identity
    caller = _lower(record.get(form.caller))
    application = next((found for name in _APPLICATION_CLAIMS if (found := _lower(claims.get(name)))), caller)
    if application in _AKS_CALLERS or caller in _AKS_CALLERS:
        return "auto_channel"
    if application == _FLEET_CALLER:
        return "unknown"
    is_principal = application != caller or "@" in caller or _GUID.fullmatch(caller) or any(map(claims.get, _PRINCIPAL_CLAIMS))
    return "manual" if is_principal else "unknown"


def _first_object(record: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        if found := _object(record.get(name)):
            return found
    return {}


def _lower(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    """An object, also when it is written as text, or as text within text; anything else is an empty one."""
    while isinstance(value, str) and (value := value.strip()).startswith(("{", '"')):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}
