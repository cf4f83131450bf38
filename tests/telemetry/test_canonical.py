"""One line, strictly: what makes it an event, and the first reason for which it is none."""

import json
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.telemetry.canonical import (
    DEPTH_LIMIT,
    LINE_LIMIT,
    Event,
    Refusal,
    parse_object,
    parse_time,
    read_line,
    time_is_in_range,
)

DAY = date(2026, 11, 20)
ABSENT = object()
REQUIRED = ("specversion", "id", "source", "type", "time", "data")
REQUIRED_DATA = ("operation_id", "cluster_id", "scope")
TEXTS = (
    "provider", "node_pool", "region", "from_version", "to_version", "trigger", "workload_type",
    "error_code", "error_message", "upgrade_id", "observed_version", "observed_at",
)  # fmt: skip


def document(envelope: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A complete event with some fields set anew; `ABSENT` leaves a field out."""
    fields = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/fleet",
        "type": "dev.upgradeslo.operation.started",
        "time": "2026-11-20T08:15:30Z",
        "data": present({"operation_id": "op-1", "cluster_id": "c-1", "scope": "addon", **data}),
    }
    return present({**fields, **(envelope or {})})


def present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ABSENT}


def line(envelope: dict[str, Any] | None = None, **data: Any) -> bytes:
    return json.dumps(document(envelope, **data)).encode()


def with_data(text: str) -> bytes:
    """A complete event whose data ends in this text."""
    return line()[:-2] + b", " + text.encode() + b"}}"


def with_key(text: str) -> bytes:
    """A complete event whose envelope ends in this text."""
    return line()[:-1] + b", " + text.encode() + b"}"


def accepted(content: bytes) -> Event:
    event = read_line(content, delivery_day=DAY)
    assert isinstance(event, Event), event
    return event


def reason(content: bytes) -> str:
    refusal = read_line(content, delivery_day=DAY)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_complete_event_is_read_with_every_field():
    content = line(
        {"id": "9f1c", "source": "/fleet/westeurope/upgrader", "time": "2026-11-20T08:15:30.123456Z", "unknown": {"a": [1]}},
        operation_id="op-81", cluster_id="c-17", scope="node_pool", provider="aks", node_pool="np1", region="westeurope",
        from_version="1.30.4", to_version="1.31.2", trigger="auto_channel", workload_type="ml_batch", node_count=12,
        error_code="PDB", error_message="a budget", upgrade_id="u-3", observed_version="1.31.2",
        api_features=["policy/v1beta1/PodDisruptionBudget"], observed_at="2026-11-20T08:16:00Z", another=None,
    )  # fmt: skip
    assert accepted(content) == Event(
        id="9f1c", source="/fleet/westeurope/upgrader", type="started", time=utc("2026-11-20T08:15:30.123456"),
        observed_at=utc("2026-11-20T08:16:00"), operation_id="op-81", cluster_id="c-17", scope="node_pool", provider="aks",
        node_pool="np1", region="westeurope", from_version="1.30.4", to_version="1.31.2", trigger="auto_channel",
        workload_type="ml_batch", node_count=12, error_code="PDB", error_message="a budget", upgrade_id="u-3",
        observed_version="1.31.2", api_features=("policy/v1beta1/PodDisruptionBudget",),
    )  # fmt: skip


def test_the_smallest_event_has_no_attributes_and_was_observed_when_it_happened():
    moment = utc("2026-11-20T08:15:30")
    assert accepted(line()) == Event(
        id="e-1", source="/fleet", type="started", time=moment, observed_at=moment, operation_id="op-1", cluster_id="c-1",
        scope="addon",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["scheduled", "started", "succeeded", "failed", "cancelled", "superseded", "skipped"])
def test_each_type_of_the_contract_is_read_without_its_prefix(kind):
    assert accepted(line({"type": f"dev.upgradeslo.operation.{kind}"})).type == kind


@pytest.mark.parametrize("scope", ["control_plane", "node_pool", "node_image", "addon", "cluster"])
def test_each_scope_of_the_contract_is_read(scope):
    assert accepted(line(scope=scope)).scope == scope


@pytest.mark.parametrize("trigger", ["manual", "auto_channel", "security", "maintenance", "forced_eol", "ci", "unknown"])
def test_each_trigger_of_the_contract_is_read(trigger):
    assert accepted(line(trigger=trigger)).trigger == trigger


@pytest.mark.parametrize("nothing", [ABSENT, None, ""], ids=["left out", "null", "the empty string"])
class TestAbsence:
    """Null and the empty string say as little as a field that is left out."""

    @pytest.mark.parametrize("name", REQUIRED)
    def test_a_required_field_that_is_absent_is_named(self, nothing, name):
        assert reason(line({name: nothing})) == f"missing_field:{name}"

    @pytest.mark.parametrize("name", REQUIRED_DATA)
    def test_a_required_field_of_data_that_is_absent_is_named(self, nothing, name):
        assert reason(line(**{name: nothing})) == f"missing_field:data.{name}"

    @pytest.mark.parametrize("name", [*TEXTS, "node_count", "api_features"])
    def test_an_optional_field_that_is_absent_changes_nothing(self, nothing, name):
        assert accepted(line(**{name: nothing})) == accepted(line())


@pytest.mark.parametrize("value", [1, 1.5, True, False, [], ["x"], {}, {"a": "b"}], ids=repr)
class TestTypes:
    """Whatever is neither absent nor of the field's type is refused under the field's name."""

    @pytest.mark.parametrize("name", REQUIRED[:-1])
    def test_a_field_that_is_no_string_is_named(self, value, name):
        assert reason(line({name: value})) == f"invalid_type:{name}"

    @pytest.mark.parametrize("name", [*REQUIRED_DATA, *TEXTS])
    def test_a_field_of_data_that_is_no_string_is_named(self, value, name):
        assert reason(line(**{name: value})) == f"invalid_type:data.{name}"


@pytest.mark.parametrize("value", [1, 1.5, True, False, [], ["x"], "x"], ids=repr)
def test_data_that_is_no_object_is_of_the_wrong_type(value):
    assert reason(line({"data": value})) == "invalid_type:data"


def test_empty_data_lacks_its_first_field():
    assert reason(line({"data": {}})) == "missing_field:data.operation_id"


@pytest.mark.parametrize(
    ("written", "read"),
    [("0", 0), ("12", 12), ("-0", 0), ("9223372036854775807", 2**63 - 1)],
)
def test_a_node_count_is_an_integer_up_to_the_largest_of_64_bits(written, read):
    assert accepted(with_data(f'"node_count": {written}')).node_count == read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param('"12"', "invalid_type", id="text"),
        pytest.param("12.0", "invalid_type", id="a fraction, even of nothing"),
        pytest.param("1e2", "invalid_type", id="an exponent"),
        pytest.param("-0.0", "invalid_type", id="a fraction of minus nothing"),
        pytest.param("1e999", "invalid_type", id="more than a double holds"),
        pytest.param("true", "invalid_type", id="a truth"),
        pytest.param("[12]", "invalid_type", id="a list"),
        pytest.param("-1", "invalid_value", id="below nought"),
        pytest.param("9223372036854775808", "invalid_value", id="one more than 64 bits hold"),
        pytest.param("1" + "0" * 30, "invalid_value", id="a one and thirty noughts"),
        pytest.param("-" + "9" * 5000, "invalid_value", id="thousands of digits below nought"),
        pytest.param("9" * 5000, "invalid_value", id="thousands of digits"),
    ],
)
def test_a_node_count_of_another_form_is_refused(written, expected):
    assert reason(with_data(f'"node_count": {written}')) == f"{expected}:data.node_count"


def test_a_node_count_with_leading_noughts_is_no_json():
    assert reason(with_data('"node_count": 012')) == "invalid_json"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[]", ()),
        ('["policy/v1"]', ("policy/v1",)),
        ('["b", "a", "b"]', ("b", "a", "b")),
        ('["", "\\u00e9\\n"]', ("", "é\n")),
    ],
)
def test_api_features_are_a_list_of_strings_as_written(written, read):
    assert accepted(with_data(f'"api_features": {written}')).api_features == read


@pytest.mark.parametrize("written", ['"policy/v1"', '["a", 1]', '["a", null]', '[["a"]]', "{}", "1", "false"])
def test_api_features_of_another_form_are_of_the_wrong_type(written):
    assert reason(with_data(f'"api_features": {written}')) == "invalid_type:data.api_features"


@pytest.mark.parametrize("value", ["Addon", "ADDON", " addon", "addon ", "nodepool", "addon\x00"])
def test_a_scope_that_is_none_is_an_impossible_value(value):
    assert reason(line(scope=value)) == "invalid_value:data.scope"


@pytest.mark.parametrize("value", ["Manual", "manual ", "cron"])
def test_a_trigger_that_is_none_is_an_impossible_value(value):
    assert reason(line(trigger=value)) == "invalid_value:data.trigger"


def test_observed_at_is_read_like_a_time_but_may_lie_anywhere():
    assert accepted(line(observed_at="1999-12-31t23:30:00.1234567-01:00")).observed_at == utc("2000-01-01T00:30:00.123456")


@pytest.mark.parametrize("value", ["yesterday", "2026-11-20", "2026-11-20T08:15:60Z", "0001-01-01T00:00:00+01:00", " "])
def test_an_observed_at_that_is_no_moment_is_an_impossible_value(value):
    assert reason(line(observed_at=value)) == "invalid_value:data.observed_at"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("2026-11-20T08:15:30Z", "2026-11-20T08:15:30", id="in UTC"),
        pytest.param("2026-11-20t08:15:30z", "2026-11-20T08:15:30", id="in small letters"),
        pytest.param("2026-11-20T08:15:30+01:00", "2026-11-20T07:15:30", id="east of Greenwich"),
        pytest.param("2026-11-20T00:15:30-23:59", "2026-11-21T00:14:30", id="as far west as can be written"),
        pytest.param("2026-11-20T08:15:30-00:00", "2026-11-20T08:15:30", id="with an unknown offset"),
        pytest.param("2026-11-20T08:15:30.5Z", "2026-11-20T08:15:30.500000", id="with one digit"),
        pytest.param("2026-11-20T08:15:30.123456Z", "2026-11-20T08:15:30.123456", id="with six digits"),
        pytest.param("2026-11-20T08:15:30.1234569Z", "2026-11-20T08:15:30.123456", id="with seven digits, the last cut off"),
        pytest.param("2026-11-20T23:59:59.999999999Z", "2026-11-20T23:59:59.999999", id="with nines that are not rounded up"),
        pytest.param("2026-11-20T08:15:30." + "1" * 40 + "+05:30", "2026-11-20T02:45:30.111111", id="with forty digits"),
        pytest.param("2024-02-29T12:00:00Z", "2024-02-29T12:00:00", id="on a leap day"),
        pytest.param("2000-02-29T12:00:00Z", "2000-02-29T12:00:00", id="on the leap day of a century that has one"),
        pytest.param("0001-01-01T00:00:00Z", "0001-01-01T00:00:00", id="at the beginning of the calendar"),
        pytest.param("9999-12-31T23:59:59Z", "9999-12-31T23:59:59", id="at the end of the calendar"),
    ],
)
def test_a_moment_is_read_from_rfc_3339(written, read):
    assert parse_time(written) == utc(read)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2026-11-20T08:15:30", id="no offset"),
        pytest.param("2026-11-20 08:15:30Z", id="a blank for the T"),
        pytest.param("2026-11-20T08:15Z", id="no seconds"),
        pytest.param("2026-11-20", id="a day"),
        pytest.param("2026-11-20T08:15:60Z", id="second 60"),
        pytest.param("2016-12-31T23:59:60Z", id="second 60, even where there was one"),
        pytest.param("2026-11-20T24:00:00Z", id="24 o'clock"),
        pytest.param("2026-11-20T08:60:00Z", id="minute 60"),
        pytest.param("2026-02-29T00:00:00Z", id="a leap day in no leap year"),
        pytest.param("1900-02-29T00:00:00Z", id="a leap day in a century that has none"),
        pytest.param("2026-04-31T00:00:00Z", id="April 31"),
        pytest.param("2026-13-01T00:00:00Z", id="month 13"),
        pytest.param("0000-01-01T00:00:00Z", id="the year 0"),
        pytest.param("10000-01-01T00:00:00Z", id="the year 10000"),
        pytest.param("0001-01-01T00:00:00+00:01", id="before the calendar once in UTC"),
        pytest.param("9999-12-31T23:59:59-00:01", id="after the calendar once in UTC"),
        pytest.param("2026-11-20T08:15:30.Z", id="a point without digits"),
        pytest.param("2026-11-20T08:15:30,5Z", id="a comma for the point"),
        pytest.param("2026-11-20T08:15:30+01", id="an offset without minutes"),
        pytest.param("2026-11-20T08:15:30+0100", id="an offset without a colon"),
        pytest.param("2026-11-20T08:15:30+24:00", id="an offset of 24 hours"),
        pytest.param("2026-11-20T08:15:30+01:60", id="an offset with 60 minutes"),
        pytest.param("2026-11-20T08:15:30+01:00:30", id="an offset with seconds"),
        pytest.param("2026-11-20T08:15:30UTC", id="the zone by its name"),
        pytest.param("2026-324T08:15:30Z", id="a day of the year"),
        pytest.param("20261120T081530Z", id="the basic form"),
        pytest.param("2026-11-20T8:15:30Z", id="one digit for the hour"),
        pytest.param("2026-11-20T08:15:3.123456Z", id="one digit for the second"),
        pytest.param("٢٠٢٦-11-20T08:15:30Z", id="digits of another script"),
        pytest.param(" 2026-11-20T08:15:30Z", id="a blank in front"),
        pytest.param("2026-11-20T08:15:30Z\n", id="a line feed behind"),
        pytest.param("1795335330", id="seconds since 1970"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_moment_of_rfc_3339_is_refused(written):
    assert parse_time(written) is None


def test_a_time_that_is_no_moment_is_an_invalid_time():
    assert reason(line({"time": "2026-11-20T08:15:60Z"})) == "invalid_time"


@pytest.mark.parametrize(
    ("written", "in_range"),
    [
        pytest.param("2014-06-06T00:00:00Z", True, id="the first moment of Kubernetes"),
        pytest.param("2014-06-05T23:59:59.999999Z", False, id="a microsecond before it"),
        pytest.param("2014-06-06T00:30:00+01:00", False, id="before it once in UTC"),
        pytest.param("2026-11-23T00:00:00Z", True, id="48 hours after the end of the delivery day"),
        pytest.param("2026-11-23T00:00:00.0000009Z", True, id="less than a microsecond more, which is cut off"),
        pytest.param("2026-11-23T00:00:00.000001Z", False, id="a microsecond more"),
        pytest.param("2026-11-22T23:30:00-01:00", False, id="more once in UTC"),
    ],
)
def test_times_are_bounded_by_the_birth_of_kubernetes_and_the_delivery(written, in_range):
    moment = parse_time(written)
    assert moment is not None
    assert time_is_in_range(moment, DAY) is in_range
    if in_range:
        assert accepted(line({"time": written})).time == moment
    else:
        assert reason(line({"time": written})) == "time_out_of_range"


@pytest.mark.parametrize(
    "kind", ["started", "dev.upgradeslo.operation.", "dev.upgradeslo.operation.Started", "dev.upgradeslo.operation.paused",
             "dev.upgradeslo.operation.dev.upgradeslo.operation.started", " dev.upgradeslo.operation.started"],
)  # fmt: skip
def test_a_type_outside_the_contract_is_an_unknown_event_type(kind):
    assert reason(line({"type": kind})) == "unknown_event_type"


@pytest.mark.parametrize("version", ["1", "1.00", "0.3", "2.0", "1.0 "])
def test_another_version_of_cloudevents_is_unsupported(version):
    assert reason(line({"specversion": version})) == "unsupported_specversion"


# What spoils a good event in one way, in the order of the contract: the field it touches, the value it takes, the reason.
FAULTS = [
    *((name, ABSENT, f"missing_field:{name}") for name in REQUIRED),
    *((f"data.{name}", ABSENT, f"missing_field:data.{name}") for name in REQUIRED_DATA),
    *((name, 1, f"invalid_type:{name}") for name in REQUIRED),
    *((f"data.{name}", 1, f"invalid_type:data.{name}") for name in (*REQUIRED_DATA, *TEXTS[:7])),
    ("data.node_count", "1", "invalid_type:data.node_count"),
    *((f"data.{name}", 1, f"invalid_type:data.{name}") for name in TEXTS[7:11]),
    ("data.api_features", 1, "invalid_type:data.api_features"),
    ("data.observed_at", 1, "invalid_type:data.observed_at"),
    ("data.scope", "pool", "invalid_value:data.scope"),
    ("data.trigger", "cron", "invalid_value:data.trigger"),
    ("data.node_count", -1, "invalid_value:data.node_count"),
    ("data.observed_at", "now", "invalid_value:data.observed_at"),
    ("time", "now", "invalid_time"),
    ("time", "2030-01-01T00:00:00Z", "time_out_of_range"),
    ("type", "dev.upgradeslo.operation.paused", "unknown_event_type"),
    ("specversion", "0.3", "unsupported_specversion"),
]


def spoiled(*faults: tuple[str, Any, str]) -> bytes:
    envelope = {name: value for name, value, _ in faults if "." not in name}
    data = {name.removeprefix("data."): value for name, value, _ in faults if "." in name}
    return line(envelope, **data)


def test_each_fault_alone_gives_its_reason():
    assert [reason(spoiled(fault)) for fault in FAULTS] == [expected for _, _, expected in FAULTS]


def test_of_two_faults_the_one_that_stands_first_in_the_contract_is_named():
    pairs = [
        (first, second)
        for first, second in combinations(FAULTS, 2)
        if first[0].partition(".")[0] != second[0].partition(".")[0] or ("." in first[0] and "." in second[0])
        if first[0] != second[0]
    ]
    assert len(pairs) > 700
    wrong = [(first[2], second[2], found) for first, second in pairs if (found := reason(spoiled(first, second))) != first[2]]
    assert wrong == []


def test_everything_wrong_at_once_is_named_after_what_stands_first():
    faults = {name: (name, value, expected) for name, value, expected in reversed(FAULTS)}
    assert reason(spoiled(*faults.values())) == "missing_field:specversion"


class TestRepeatedKeys:
    """Of a repeated key the first value counts, at every depth."""

    def test_the_first_id_counts(self):
        assert accepted(with_key('"id": "e-2"')).id == "e-1"

    def test_the_first_value_of_a_field_of_data_counts(self):
        assert accepted(with_data('"scope": "cluster"')).scope == "addon"

    def test_the_first_data_counts(self):
        assert accepted(with_key('"data": {}')).operation_id == "op-1"

    def test_a_null_that_comes_first_counts(self):
        assert reason(b'{"id": null, ' + line()[1:]) == "missing_field:id"

    def test_a_wrong_type_that_comes_first_counts(self):
        assert reason(b'{"data": [], ' + line()[1:]) == "invalid_type:data"

    def test_a_key_written_with_an_escape_is_the_same_key(self):
        assert accepted(with_key(r'"\u0069d": "e-2"')).id == "e-1"
        assert accepted(line().replace(b'"id"', rb'"\u0069d"')).id == "e-1"

    def test_a_key_in_other_letters_is_another_key(self):
        assert accepted(with_key('"ID": 1, "Data": 2')) == accepted(line())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(r"\ud83d\ude80", "🚀", id="a pair of surrogates is one character"),
        pytest.param(r"\ud83d\ude80\ud83d\ude80", "🚀🚀", id="two pairs"),
        pytest.param(r"\\ud800", r"\ud800", id="an escaped backslash before a u is no escape"),
        pytest.param(r"\\\\udc00", r"\\udc00", id="two escaped backslashes before a u"),
        pytest.param(r"\\\ud83d\ude80", "\\🚀", id="an escaped backslash before a pair"),
        pytest.param(r"a\u0000b", "a\x00b", id="an escaped NUL is a character"),
        pytest.param(r"\"\/\b\f\n\r\t", '"/\b\f\n\r\t', id="the short escapes"),
        pytest.param("\u2028\ufeff\uffff\x7f", "\u2028\ufeff\uffff\x7f", id="characters that only look dangerous"),
        pytest.param("e\u0301\u200d", "e\u0301\u200d", id="combining characters stay apart"),
        pytest.param(" \u00a0", " \u00a0", id="blanks are text"),
    ],
)
def test_a_text_is_read_as_it_is_written(written, read):
    assert accepted(with_data(f'"error_message": "{written}"')).error_message == read


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r'"x": "\ud800"', id="a high surrogate alone"),
        pytest.param(r'"x": "\udc00"', id="a low surrogate alone"),
        pytest.param(r'"x": "\udc00\ud800"', id="a pair the wrong way round"),
        pytest.param(r'"x": "\ud800\ud800\udc00"', id="a high surrogate before a pair"),
        pytest.param(r'"x": "\ud800\udc00\udc00"', id="a low surrogate after a pair"),
        pytest.param(r'"x": "\ud800x\udc00"', id="a pair with something in between"),
        pytest.param(r'"x": "\ud800\\\udc00"', id="a pair with a backslash in between"),
        pytest.param(r'"x": "\ud800\n"', id="a high surrogate before another escape"),
        pytest.param(r'"x": ["\ud800", "\udc00"]', id="a pair in two strings"),
        pytest.param(r'"\ud800": 1', id="in a key"),
        pytest.param(r'"x": {"y": ["\\\ud800"]}', id="deep in what is ignored, after an escaped backslash"),
        pytest.param(r'"x": "\uD800"', id="in capital letters"),
    ],
)
def test_half_a_character_is_no_json(text):
    assert reason(with_key(text)) == "invalid_json"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"x": NaN', id="not a number"),
        pytest.param('"x": Infinity', id="infinity"),
        pytest.param('"x": -Infinity', id="infinity below nought"),
        pytest.param('"x": [1,]', id="a comma before the end of a list"),
        pytest.param('"x": {"y": 1,}', id="a comma before the end of an object"),
        pytest.param('"x": 1,', id="a comma before the end of the event"),
        pytest.param('"x": "\t"', id="a bare tab in a string"),
        pytest.param('"x": "\x00"', id="a bare NUL in a string"),
        pytest.param('"x": "\r"', id="a bare carriage return in a string"),
        pytest.param('"x": \x0b1', id="a vertical tab between values"),
        pytest.param('"x": \x0c1', id="a form feed between values"),
        pytest.param('"x": \u00a01', id="a no-break space between values"),
        pytest.param('"x": +1', id="a plus sign"),
        pytest.param('"x": .5', id="a fraction without a nought"),
        pytest.param('"x": 1.', id="a point without digits"),
        pytest.param('"x": 0x1F', id="a hexadecimal number"),
        pytest.param('"x": 1_000', id="a number with a gap"),
        pytest.param('"x": ٣', id="a digit of another script"),
        pytest.param("\"x\": 'y'", id="single quotes"),
        pytest.param("x: 1", id="a key without quotes"),
        pytest.param('"x": 1 // y', id="a comment"),
        pytest.param('"x": True', id="a constant in capital letters"),
        pytest.param(r'"x": "\x41"', id="an escape that JSON has not"),
        pytest.param(r'"x": "\u00"', id="an escape cut short"),
        pytest.param(r'"x": "\u00 1"', id="an escape with a blank"),
        pytest.param(r'"x": "\u+041"', id="an escape with a sign"),
        pytest.param('"x"', id="a key without a value"),
        pytest.param('"x": 1}, {"y": 2', id="two objects"),
    ],
)
def test_what_is_not_strict_json_is_refused_wherever_it_stands(text):
    assert reason(with_key(text)) == "invalid_json"
    assert reason(with_data(text)) == "invalid_json"


@pytest.mark.parametrize(
    "content", [b"{", b"", b"\r", b"\x0b", b"\xef\xbb\xbf" + line(), line() + b"x", line() + line(), line()[:-1]]
)
def test_a_line_that_is_no_json_text_is_refused(content):
    assert reason(content) == "invalid_json"


@pytest.mark.parametrize("content", [b"null", b"true", b"12", b'"x"', b"[]", b"[" + line() + b"]"])
def test_a_line_that_is_no_object_is_refused_as_such(content):
    assert reason(content) == "not_an_object"


@pytest.mark.parametrize(
    "spoiled_bytes",
    [
        pytest.param(b"\xff", id="a byte that UTF-8 never has"),
        pytest.param(b"\xe9", id="Latin-1"),
        pytest.param(b"\xc0\x80", id="a NUL in two bytes"),
        pytest.param(b"\xed\xa0\x80", id="half a character in three bytes"),
        pytest.param(b"\xf4\x90\x80\x80", id="beyond the last character"),
    ],
)
def test_bytes_that_are_no_utf_8_are_named_before_json_is_looked_at(spoiled_bytes):
    assert reason(line().replace(b"e-1", b"e-1" + spoiled_bytes)) == "invalid_utf8"
    assert reason(b"{" + spoiled_bytes) == "invalid_utf8"


def test_white_space_of_json_is_allowed_around_and_inside():
    spread = json.dumps(document(), indent=1).replace("\n", "\r\t").encode()
    assert accepted(b" \t\r" + spread + b" \r") == accepted(line())


def nested(levels: int) -> bytes:
    """An event whose deepest value lies this many levels down, the event itself being the first."""
    return with_key('"x": ' + "[" * (levels - 1) + "]" * (levels - 1))


def test_nesting_is_read_to_1000_levels():
    assert DEPTH_LIMIT == 1000
    assert accepted(nested(1000)) == accepted(line())
    assert reason(nested(1001)) == "invalid_json"


def test_nesting_of_objects_is_read_to_1000_levels():
    assert accepted(with_key('"x":' + '{"a":' * 999 + "1" + "}" * 999)) == accepted(line())
    assert reason(with_key('"x":' + '{"a":' * 1000 + "1" + "}" * 1000)) == "invalid_json"


def test_brackets_side_by_side_or_inside_strings_are_no_nesting():
    assert accepted(with_key('"x": [' + "[]," * 5000 + "[]]")) == accepted(line())
    assert accepted(with_key('"x": "' + '[{\\"' * 5000 + '"')) == accepted(line())


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_nesting_without_end_is_refused_and_breaks_nothing(content):
    assert reason(content) == "invalid_json"


def padded(length: int) -> bytes:
    """An event of exactly this many bytes."""
    return with_data('"error_message": "' + "x" * (length - len(with_data('"error_message": ""'))) + '"')


def test_a_line_is_read_up_to_16_mebibytes():
    assert LINE_LIMIT == 16 * 1024 * 1024
    assert isinstance(parse_object(padded(LINE_LIMIT)), dict)
    assert parse_object(padded(LINE_LIMIT + 1)) == Refusal("line_too_long")


def test_a_line_that_is_too_long_is_named_so_whatever_it_holds():
    assert parse_object(b"\xff" * (LINE_LIMIT + 1)) == Refusal("line_too_long")


@given(st.binary(max_size=200))
def test_any_bytes_give_an_event_or_a_reason(content):
    assert isinstance(read_line(content, delivery_day=DAY), Event | Refusal)


@given(st.datetimes(min_value=utc("2014-06-06"), max_value=utc("2026-11-23")), st.integers(-1439, 1439))
def test_a_moment_survives_being_written_with_any_offset(moment, minutes):
    sign = "-" if minutes < 0 else "+"
    local = moment + timedelta(minutes=minutes)
    written = f"{local:%Y-%m-%dT%H:%M:%S.%f}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    assert parse_time(written) == moment


@given(st.text())
def test_a_text_survives_being_written_as_json_in_either_way(text):
    for ensure_ascii in (True, False):
        content = json.dumps(document({"id": text or "x"}), ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")
        assert accepted(content).id == (text or "x")
