"""Provider records come with callers, addresses, tokens and workload names, which may be written nowhere."""

import json
import time
from typing import Any

import pytest

from assets.telemetry.sources.privacy import MESSAGE_LIMIT, mask, mask_raw

CLUSTER = "0b1c0000-1111-4222-8333-944444444444"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("asked by jo.doe+ops@example.co.uk.", "asked by <email>.", id="an e-mail address is masked"),
        pytest.param("dial tcp 10.0.0.1:6443: refused", "dial tcp <ip>:6443: refused", id="an IPv4 address is masked"),
        pytest.param("route 10.0.0.0/16 via fe80::1: none", "route <ip>/16 via <ip>: none", id="IPv6 as well"),
        pytest.param(
            "node ip-10-0-0-1.eu-west-1.compute.internal is gone",
            "node <host> is gone",
            id="a node's host name is masked",
        ),
        pytest.param(
            f"cluster {CLUSTER} peer 11111111-2222-3333-4444-555555555555",
            f"cluster {CLUSTER} peer <guid>",
            id="GUIDs other than the cluster's are masked",
        ),
        pytest.param("Authorization: Bearer abcdef123456", "Authorization: Bearer <token>", id="a bearer token"),
        pytest.param("password=hunter2&sig=abc%3D, next", "password=<token>&sig=<token>, next", id="secrets in a query"),
        pytest.param("pull https://me:pw@reg.io/x", "pull https://<token>@reg.io/x", id="credentials in a URL"),
        pytest.param("login sha256~Zm9vYmFyYmF6cXV4cXV1eA", "login <token>", id="a token known by its prefix"),
        pytest.param("PASSWORD: hunter2 and Api_Key=abc", "PASSWORD: <token> and Api_Key=<token>", id="secrets in capitals"),
        pytest.param("ſecret=hunter2", "ſecret=<token>", id="secrets in letters that only look like others"),
        pytest.param(
            "blocked by pdb shop/cart-pdb with 2 unready pods",
            "blocked by pdb <name> with 2 unready pods",
            id="a disruption budget's name is masked, and the sentence keeps its sense",
        ),
        pytest.param(
            'cannot evict pod "cart-0" in namespace shop-prod, pods: shop/a, shop/b-1 left',
            "cannot evict pod <name> in namespace <name>, pods: <name> left",
            id="names of pods and namespaces are masked",
        ),
        pytest.param(
            "waiting for web-7d4b9c6f5d-x2vbn",
            "waiting for <name>",
            id="a replica set's pod is known by its random parts",
        ),
        pytest.param(
            'Could not update deployment "openshift-x/y-operator" (306 of 841)',
            'Could not update deployment "<name>" (306 of 841)',
            id="a quoted namespace and name is masked",
        ),
        pytest.param(
            "PDB debug info: shop/cart-0 blocked by pdb shop/cart-pdb; shop/web-7d4b9c6f5d-x2vbn blocked by pdb web",
            "PDB debug info: <name> blocked by pdb <name>; <name> blocked by pdb web",
            id="names of what is blocked are masked",
        ),
    ],
)
def test_a_message_is_masked(message, expected):
    assert mask(message, keep=(CLUSTER,)) == expected


@pytest.mark.parametrize(
    "message",
    [
        "Cannot evict pod as it would violate the pod's disruption budget",
        "Unable to apply 4.14.1: wait has exceeded 40 minutes for these operators: etcd, kube-apiserver",
        "Payload loaded version=4.16.0-0.nightly-2024-08-01-082745 at 2026-03-01T10:00:00Z",
        "image quay.io/org/release@sha256:05ba8e63f8a76e568afe87f182334504a01d47342b6ad5b4c3ff83a2463018bd",
        'deprecated "policy/v1beta1" in use; 4.12.0-0.okd-2023-03-04-063026 from 1.29.1-gke.1589017',
        "Desired node version (1.7.0) cannot be greater than current master version (1.6.6)",
        "kube-apiserver-check and 10:22:33 and std::vector and 999.1.1.1 stay",
    ],
)
def test_what_identifies_nobody_stays(message):
    assert mask(message) == message


def test_what_one_cluster_keeps_is_masked_for_the_next():
    message = f"cluster {CLUSTER} is gone"
    assert mask(message, keep=(CLUSTER,)) == message
    assert mask(message) == "cluster <guid> is gone"


def test_a_message_is_cut_after_it_was_masked():
    masked = mask("x" * (MESSAGE_LIMIT - 10) + " someone@example.com")
    assert len(masked) == MESSAGE_LIMIT - 2
    assert masked.endswith(" <email>")
    assert len(mask("y" * 3 * MESSAGE_LIMIT)) == MESSAGE_LIMIT


@pytest.mark.parametrize(
    "key",
    [
        "claims",
        "identity",
        "caller",
        "callerIpAddress",
        "httpRequest",
        "authorization",
        "user",
        "userIdentity",
        "sourceIPAddress",
        "userAgent",
        "accessKeyId",
        "requestID",
        "resourceIds",
        "managedFields",
        "requestbody",
        "responseBody",
        "Caller",
        "Claims_d",
        "HTTPRequest",
        "clientIpAddress",
        "identity_claim_upn_s",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param('"MARKER"', id="a text"),
        pytest.param('{"a": ["MARKER", "}", {"b": "\\"]MARKER"}]}', id="an object"),
        pytest.param('[{"a": "MARKER\\\\"}, "MARKER"]', id="an array"),
        pytest.param('"MARKER unfinished, {', id="a text without an end"),
        pytest.param('{"a": {"b": "MARKER", ', id="an object without an end"),
    ],
)
def test_the_value_of_a_private_key_is_dropped_from_raw_bytes(key, value):
    inner = f'{{"before":1,"{key}" : {value},"after":2}}'
    nested = '{"properties":"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '","last":3}'
    twice = '{"p":"' + nested.replace("\\", "\\\\").replace('"', '\\"') + '","end":4}'
    for raw in (inner, nested, twice):
        masked = mask_raw(raw.encode()).decode()
        assert "MARKER" not in masked
        assert "before" in masked
        assert "<dropped>" in masked
    if "unfinished" not in value and not value.endswith(", "):
        assert mask_raw(inner.encode()).decode() == f'{{"before":1,"{key}" : "<dropped>","after":2}}'
        assert mask_raw(twice.encode()).decode().endswith('\\"last\\":3}","end":4}')


def test_numbers_and_last_fields_are_dropped_without_their_neighbours():
    assert mask_raw(b'{"user":5,"n":1}') == b'{"user":"<dropped>","n":1}'
    assert mask_raw(b'[{"user":5}]') == b'[{"user":"<dropped>"}]'


def test_addresses_are_masked_anywhere_in_raw_bytes_and_other_bytes_stay():
    raw = b'\xff{"note":"mail a@example.com from 10.1.2.3 or ip-10-0-0-1.ec2.internal","clusterID":"%s"' % (CLUSTER.encode())
    assert mask_raw(raw) == b'\xff{"note":"mail <email> from <ip> or <host>","clusterID":"%s"' % CLUSTER.encode()
    assert mask_raw(b'{"token":"abc","p":"{\\"token\\":\\"def\\"}"}') == (
        b'{"token":"<token>","p":"{\\"token\\":\\"<token>\\"}"}'
    )


PERSON = {"upn": "MARKER", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": "MARKER MARKER"}
REQUEST = {"clientRequestId": "MARKER", "clientIpAddress": "MARKER", "method": "PUT"}
RIGHTS = {"action": "write", "evidence": {"principalId": "MARKER", "role": "MARKER"}}
BODY = json.dumps({"tags": {"owner": 'MARKER \\ "MARKER"'}, "properties": {"adminUsername": "MARKER", "list": ["MARKER"]}})
SENT = {"statusCode": "OK", "requestbody": BODY, "responseBody": BODY, "eventCategory": "Administrative"}
ACTIVITY_LOG = {
    "REST": {
        "authorization": RIGHTS,
        "caller": "MARKER",
        "claims": PERSON,
        "correlationId": "kept",
        "httpRequest": REQUEST,
        "properties": SENT,
        "status": {"value": "Started"},
    },
    "an export": {
        "correlationId": "kept",
        "callerIpAddress": "MARKER",
        "identity": {"authorization": RIGHTS, "claims": PERSON},
        "properties": {"eventProperties": SENT, "httpRequest": json.dumps(REQUEST)},
        "resultType": "Start",
    },
    "an export that is text": {
        "correlationId": "kept",
        "identity": json.dumps({"claims": PERSON}),
        "properties": json.dumps(SENT),
    },
    "Log Analytics": {
        "Authorization": json.dumps(RIGHTS),
        "Authorization_d": RIGHTS,
        "Caller": "MARKER",
        "CallerIpAddress": "MARKER",
        "Claims": json.dumps(PERSON),
        "Claims_d": PERSON,
        "CorrelationId": "kept",
        "HTTPRequest": json.dumps(REQUEST),
        "Properties": json.dumps(SENT | {"httpRequest": json.dumps(REQUEST)}),
        "Properties_d": SENT,
    },
}


def with_needless_escapes(value: Any) -> str:
    """JSON in which every quote and backslash within text, and every a, is written by its number, also in text within text."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{with_needless_escapes(key)}:{with_needless_escapes(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(with_needless_escapes, value)) + "]"
    if value.startswith("{"):
        value = with_needless_escapes(json.loads(value))
    return json.dumps(value).replace("a", "\\u0061").replace('\\"', "\\u0022").replace("\\\\", "\\u005c")


@pytest.mark.parametrize("record", [pytest.param(record, id=name) for name, record in ACTIVITY_LOG.items()])
def test_nothing_is_left_of_who_called_and_what_was_sent_in_a_record_of_the_activity_log(record):
    raw = json.dumps(record).encode()
    for cut in range(0, len(raw) + 1, 7):
        assert b"MARK" not in mask_raw(raw[:cut])
    masked = json.loads(mask_raw(raw))
    assert masked.keys() == record.keys()
    assert {"correlationId": "kept", "CorrelationId": "kept"}.items() & masked.items()


@pytest.mark.parametrize("record", [pytest.param(record, id=name) for name, record in ACTIVITY_LOG.items()])
def test_nothing_hides_behind_escapes_that_json_does_not_ask_for(record):
    escaped = with_needless_escapes(record)
    assert "caller" not in escaped
    masked = mask_raw(escaped.encode())
    assert b"MARKER" not in masked
    assert json.loads(masked).keys() == record.keys()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_that_windows_wrote_as_utf_16_is_masked_although_it_is_refused(encoding):
    for record in ACTIVITY_LOG.values():
        masked = mask_raw(json.dumps(record | {"note": "a@example.com"}).encode(encoding))
        assert b"MARKER" not in masked.replace(b"\0", b"")
        assert b"<email>" in masked


def test_claims_are_dropped_on_lines_of_their_own():
    lines = json.dumps({"claims": PERSON | {"puid": "MARKER", "ipaddr": "MARKER"}}, indent=1).encode().split(b"\n")
    assert [b"<dropped>" in mask_raw(line) for line in lines] == [False, True, True, True, True, True, False, False]
    assert not any(b"MARKER" in mask_raw(line) for line in lines)


@pytest.mark.parametrize(
    ("escaped", "spelled"),
    [
        pytest.param(rb'{"c\u0061ller":"x","n":1}', b'{"caller":"<dropped>","n":1}', id="a letter"),
        pytest.param(rb'{"to":"jo\u0040example.com"}', b'{"to":"<email>"}', id="an at sign"),
        pytest.param(rb'{"p":"{\u0022user\u0022:1}"}', rb'{"p":"{\"user\":\"<dropped>\"}"}', id="a quote in text"),
        pytest.param(
            rb'{"p":"{\"q\":\"{\\u0022user\\u0022:1}\"}"}',
            rb'{"p":"{\"q\":\"{\\\"user\\\":\\\"<dropped>\\\"}\"}"}',
            id="a quote in text in text",
        ),
        pytest.param(
            rb'{"p":"{\u005c\u0022user\u005c\u0022:1}"}', rb'{"p":"{\\\"user\\\":\\\"<dropped>\\\"}"}', id="a backslash"
        ),
        pytest.param(rb'{"p":"\u00e9\u0007\n"}', rb'{"p":"\u00e9\u0007\n"}', id="others stay"),
    ],
)
def test_needless_escapes_are_spelled_out(escaped, spelled):
    assert mask_raw(escaped) == spelled


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a.", "a-", "@", "a@", "a@b.", "1.", "0:", "\\", '\\"', '"', "[", '"user":', '{"user":['),
        *("pod ", "pod a-", "pods a-b, ", "ip-", "://", "://a:", "token", "sig=", "eyJ", "bearer ", "b2-"),
        *("0123abcd-", "'a/", "a/", "\\u0022", "\\\\u005c", "a/b blocked by pdb "),
    ],
)
def test_hostile_text_is_masked_in_linear_time(unit):
    text = (unit * 400_000)[:400_000]
    begin = time.process_time()
    mask(text)
    mask_raw(text.encode())
    assert time.process_time() - begin < 5, "a quadratic pattern takes minutes on this text"


@pytest.mark.parametrize(
    "raw",
    [
        b"{'time': 'x', 'caller': 'MARKER', 'n': 1}",
        b"kind: ClusterVersion\nmetadata:\n  managedFields:\n  - manager: MARKER\n",
        b"caller = MARKER",
    ],
)
def test_what_is_no_json_ends_where_a_key_that_is_dropped_begins(raw):
    assert b"MARKER" not in mask_raw(raw, is_broken=True)
    assert mask_raw(b'{"note":"user: of 3 nodes"}') == b'{"note":"user: of 3 nodes"}'
