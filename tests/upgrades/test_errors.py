"""Providers say what went wrong by a code, by a wrapper around a code, or only in prose."""

import time

import pytest

from assets.upgrades.errors import (
    CATEGORIES,
    RESPONSIBILITIES,
    classify,
    classify_pairs,
    known_codes,
    needs_message,
    read_table,
)

# Category, responsibility, and the codes that mean them without a message; written down apart from the table.
CODES = """
pdb_drain customer PodDrainFailure UnsatisfiablePDB PodEvictionFailure POD_NOT_ENOUGH_PDB
pdb_drain customer POD_PDB_VIOLATION
capacity_quota customer QuotaExceeded PublicIPCountLimitReached EniLimitReached OperationNotAllowed 8
capacity_quota platform AKSCapacityError AKSCapacityHeavyUsage ZonalAllocationFailed AllocationFailed
capacity_quota platform OverconstrainedAllocationRequest
networking customer SubnetIsFull InsufficientSubnetSize IpNotAvailable InsufficientFreeAddresses
networking customer SubnetNotFound SecurityGroupNotFound VpcIdNotFound
networking customer OutboundConnFailVMExtensionError K8SAPIServerConnFailVMExtensionError
networking customer K8SAPIServerDNSLookupFailVMExtensionError CreateOrUpdateVirtualNetworkLinkFailed
networking platform ClusterUnreachable
auth_policy customer RequestDisallowedByPolicy LinkedAuthorizationFailed AuthorizationFailed
auth_policy customer ServicePrincipalValidationClientError InvalidClientSecret
auth_policy customer CustomPrivateDNSZoneMissingPermissionError MissingSubscriptionRegistration
auth_policy customer AccessDenied OperationNotPermitted AdmissionRequestDenied 7 16
api_deprecation customer UpgradeBlockedOnDeprecatedAPIUsage
version_compat customer NodePoolMcVersionIncompatible K8sVersionNotSupported
image_pull dependency CniDownloadTimeoutVMExtensionError
image_pull platform VHDFileNotFound NodeImageVersionNotAvailable
throttling customer AKSRequestsThrottled SubscriptionRequestsThrottled
throttling dependency TooManyRequestsReceived
configuration customer InsufficientNumberOfReplicas InvalidParameter InUseRouteTableCannotBeDeleted
configuration customer InvalidLoadBalancerProfileAllocatedOutboundPorts ConfigurationConflict
configuration customer UnsupportedAddonModification K8sResourceNotFound 3
cancelled customer OperationPreempted OperationCanceled 1
internal platform UpgradeFailed ValidationError BadRequest VMExtensionProvisioningError
internal platform NodeCreationFailure VMExtensionProvisioningTimeout InternalOperationError
internal platform Unknown ClusterOperatorDegraded ClusterOperatorsDegraded
internal platform ClusterOperatorNotAvailable MultipleErrors 9 4 13 14
"""
EACH_CODE = [
    (code, (category, responsibility))
    for category, responsibility, *codes in (line.split() for line in CODES.strip().splitlines())
    for code in codes
]
BY_MESSAGE = (
    *("UpgradeFailed", "ValidationError", "BadRequest", "VMExtensionProvisioningError"),
    *("OperationNotAllowed", "9"),
    *("ClusterOperatorDegraded", "ClusterOperatorsDegraded", "ClusterOperatorNotAvailable", "MultipleErrors"),
)
DRAIN = "Drain of np1-0: Too Many Requests: Cannot evict pod as it would violate the pod's disruption budget"


@pytest.mark.parametrize(("code", "meaning"), EACH_CODE, ids=[code for code, _ in EACH_CODE])
def test_every_code_has_its_category_and_its_responsibility(code, meaning):
    assert classify(code, None) == meaning
    assert classify(code, "") == meaning
    assert classify(code, DRAIN) == (("pdb_drain", "customer") if code in BY_MESSAGE else meaning)
    assert needs_message(code) is (code in BY_MESSAGE)


def test_every_category_is_one_of_eleven_and_somebody_answers_for_it():
    assert {category for _, (category, _) in EACH_CODE} == set(CATEGORIES)
    assert len(CATEGORIES) == 11
    assert {responsibility for _, (_, responsibility) in EACH_CODE} == set(RESPONSIBILITIES)


def test_an_unknown_code_is_internal_and_the_platforms_whatever_its_message():
    for message in (None, "something", DRAIN):
        assert classify("NoSuchCode", message) == ("internal", "platform")
    assert classify("quotaexceeded", None) == ("internal", "platform")
    assert not needs_message("NoSuchCode")


def test_the_codes_of_the_table_are_known_wrappers_and_numbers_too_and_no_others():
    assert known_codes() == {code for code, _ in EACH_CODE}
    assert {"UpgradeFailed", "9", "QuotaExceeded"} <= known_codes()
    assert not known_codes() & {"NoSuchCode", "quotaexceeded", ""}


def test_a_failure_without_a_code_is_judged_by_its_message():
    assert classify(None, DRAIN) == classify("", DRAIN) == ("pdb_drain", "customer")
    assert classify(None, None) == classify("", "") == ("internal", "platform")
    assert needs_message(None)
    assert needs_message("")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Cannot evict pod as it would violate the pod's disruption budget",
            ("pdb_drain", "customer"),
        ),
        ("eviction blocked by pdb shop/cart with 3 unready pods", ("pdb_drain", "platform")),
        ("eviction blocked by pdb shop/cart with 10 unready pods", ("pdb_drain", "platform")),
        ("eviction blocked by pdb shop/cart with 0 unready pods", ("pdb_drain", "customer")),
        ("PDB minAvailable too high", ("pdb_drain", "customer")),
        ("a PodDisruptionBudget allows no disruption", ("pdb_drain", "customer")),
        ("Deprecated API in use", ("api_deprecation", "customer")),
        ("Operation results in exceeding quota limits of Core", ("capacity_quota", "customer")),
        ("exceeding the approved vCPU limit", ("capacity_quota", "customer")),
        ("Code='SubnetIsFull'", ("networking", "customer")),
        ("subnet nodes has not enough capacity", ("networking", "customer")),
        ("Another operation on the pool", ("configuration", "customer")),
        ("an upgrade is IN PROGRESS", ("configuration", "customer")),
        ("Too many requests", ("throttling", "dependency")),
        ("the client was throttled", ("throttling", "dependency")),
        ("HTTP 429 from the registry", ("throttling", "dependency")),
        (
            "Desired node version (1.7.0) cannot be greater than current master version (1.6.6)",
            ("version_compat", "customer"),
        ),
        ("kubelet version skew", ("version_compat", "customer")),
        ("it is not supported for this version", ("version_compat", "customer")),
        ("ImagePullBackOff", ("image_pull", "dependency")),
        ("ErrImageNeverPull", ("image_pull", "dependency")),
        ("manifest unknown", ("image_pull", "dependency")),
        ("preempted by a newer operation", ("cancelled", "customer")),
        ("the operation was canceled", ("cancelled", "customer")),
        ("Cancelled", ("cancelled", "customer")),
        ("node 4290 is slow", ("internal", "platform")),
        ("nothing that is known", ("internal", "platform")),
    ],
)
def test_a_message_is_classified_by_what_it_says(message, expected):
    assert classify("UpgradeFailed", message) == expected
    assert classify(None, message) == expected


@pytest.mark.parametrize(
    ("message", "category"),
    [
        pytest.param(DRAIN, "pdb_drain", id="a blocked drain answers 429 and is no throttling"),
        pytest.param("evict: quota exceeded", "pdb_drain", id="draining before quota"),
        pytest.param("quota: another operation", "capacity_quota", id="quota before other operations"),
        pytest.param("subnet full, in progress", "networking", id="subnets before other operations"),
        pytest.param("in progress, throttled", "configuration", id="other operations before throttling"),
        pytest.param("429 ImagePullBackOff", "throttling", id="throttling before pulling images"),
        pytest.param("ErrImagePull, context canceled", "image_pull", id="a cause before a cancellation"),
    ],
)
def test_the_first_rule_that_applies_counts(message, category):
    assert classify("ValidationError", message)[0] == category


def test_a_wrapper_is_what_the_code_inside_its_message_is():
    message = "Upgrade is blocked. Subcode: UpgradeBlockedOnDeprecatedAPIUsage, see K8sVersionNotSupported"
    assert classify("ValidationError", message) == ("api_deprecation", "customer")
    assert classify("BadRequest", 'Code="UpgradeFailed" Code="ZonalAllocationFailed"') == (
        "capacity_quota",
        "platform",
    )
    assert classify("BadRequest", "exit status 3 after 7 tries") == ("internal", "platform")


def test_an_operation_not_allowed_is_a_matter_of_quota_or_of_timing():
    assert classify("OperationNotAllowed", "exceeding quota") == ("capacity_quota", "customer")
    assert classify("OperationNotAllowed", "another operation is in progress") == (
        "configuration",
        "customer",
    )


def test_many_failures_are_classified_in_their_order():
    pairs = [
        ("SubnetIsFull", "a"),
        (None, DRAIN),
        ("SubnetIsFull", "b"),
        ("UpgradeFailed", "quota"),
        (None, None),
    ]
    assert classify_pairs(iter(pairs)) == [classify(*pair) for pair in pairs]
    assert classify_pairs([]) == []


@pytest.mark.parametrize("unit", ["subnet ", "exceeding ", "not supported ", "blocked by pdb ", "a", "\n", "_ "])
def test_a_hostile_message_costs_no_more_than_its_beginning(unit):
    begin = time.process_time()
    classify("UpgradeFailed", (unit * 2_000_000)[:2_000_000])
    assert time.process_time() - begin < 1
    assert classify(None, "x" * 2_000 + " quota") == ("internal", "platform")


ROW = "{codes: [A], category: internal, responsibility: unknown}"
RPC = "{codes: [1], category: cancelled, responsibility: customer}"
RULE = "{pattern: x, category: internal, responsibility: unknown}"


def table(*, codes: str = ROW, rpc: str = RPC, rule: str = RULE, more: str = "") -> str:
    return f"version: 1\nsources: [x]\ncodes: [{codes}]\ngoogle_rpc: [{rpc}]\nmessages: [{rule}]\n{more}"


def test_a_table_of_ones_own_is_read():
    read = read_table(table(), name="mine.yaml")
    assert read.classify("A", "x") == ("internal", "platform")
    assert read.classify("1", None) == ("cancelled", "customer")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[]", r"mine\.yaml is \[\]; accepted: a mapping", id="no table"),
        pytest.param(table(more="extra: 1"), r"mine\.yaml\.extra is no key; accepted: version, ", id="section"),
        pytest.param("version: 1", r"mine\.yaml\.sources is missing", id="a missing section"),
        pytest.param(table(codes=""), r"mine\.yaml: codes is \[\]; accepted: a list of rows", id="no codes"),
        pytest.param(table(codes="5"), r"codes\[1\] is 5; accepted: a mapping", id="a row that is none"),
        pytest.param(
            table(codes=ROW[:-1] + ", by_massage: true}"),
            r"codes\[1\]\.by_massage is no key; accepted: codes, category, responsibility, by_message",
            id="a misspelt key",
        ),
        pytest.param(
            table(codes="{codes: [A], category: internal}"),
            r"codes\[1\]\.responsibility is missing",
            id="a missing key",
        ),
        pytest.param(
            table(codes=ROW.replace("internal", "wrapper")),
            r"codes\[1\]\.category is 'wrapper'; accepted: pdb_drain, ",
            id="an unknown category",
        ),
        pytest.param(
            table(rule=RULE.replace("unknown", "vendor")),
            r"messages\[1\]\.responsibility is 'vendor'; accepted: platform, customer, dependency, unknown",
            id="an unknown responsibility",
        ),
        pytest.param(
            table(codes=f"{ROW}, {ROW}"),
            r"codes\[2\]\.codes: A is given twice",
            id="a code that is given twice",
        ),
        pytest.param(
            table(codes=ROW.replace("[A]", "A")),
            r"codes\[1\]\.codes is 'A'; accepted: a list of str",
            id="codes that are no list",
        ),
        pytest.param(
            table(rpc=RPC.replace("1", "true")),
            r"google_rpc\[1\]\.codes is \[True\]; accepted: a list of int",
            id="a code that is no number",
        ),
        pytest.param(
            table(codes=ROW[:-1] + ", by_message: 1}"),
            r"codes\[1\]\.by_message is 1; accepted: true or false",
            id="a flag that is no boolean",
        ),
        pytest.param(
            table(rule=RULE.replace("x", "'('")),
            r"messages\[1\]\.pattern is '\('; accepted: a regular expression",
            id="a pattern that is none",
        ),
    ],
)
def test_a_table_is_refused_with_the_key_that_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        read_table(text, name="mine.yaml")
