"""Exporters disagree about envelopes: lines, objects, arrays, wrappers in wrappers, lines named `.json`."""

import io
import json

import pytest

from assets.telemetry.canonical import KEPT_OF_A_LONG_LINE, LINE_LIMIT, Refusal
from assets.telemetry.sources.envelopes import Counts, Record, records


def read(content: bytes, name: str = "file.ndjson") -> tuple[list[Record], Counts]:
    counts = Counts()
    return list(records(io.BytesIO(content), name=name, counts=counts)), counts


def values(content: bytes, name: str) -> list[object]:
    return [record.value for record in read(content, name)[0]]


def reason(record: Record) -> str | None:
    return record.value.reason if isinstance(record.value, Refusal) else None


def test_a_record_is_a_line_and_keeps_its_number_and_its_bytes():
    found, counts = read(b'{"n": 1}\n\n \t \r\n{"n":2}\r\n{"n":3}')
    assert found == [
        Record(1, b'{"n": 1}', {"n": 1}),
        Record(4, b'{"n":2}', {"n": 2}),
        Record(5, b'{"n":3}', {"n": 3}),
    ]
    assert counts == Counts(lines=5, blank=2, records=3)


def test_one_bad_line_does_not_lose_the_others():
    found, counts = read(b'{"n":1}\n{"n":\n\xff\xfe\n[1]\n{"n":2}\n')
    assert [reason(record) for record in found] == [
        None,
        "invalid_json",
        "invalid_utf8",
        "not_an_object",
        None,
    ]
    assert [record.number for record in found] == [1, 2, 3, 4, 5]
    assert found[2].raw == b"\xff\xfe"
    assert counts == Counts(lines=5, blank=0, records=5)


def test_a_byte_order_mark_is_dropped_at_the_start_of_a_file_only():
    found, counts = read(b'\xef\xbb\xbf{"n":1}\n\xef\xbb\xbf{"n":2}\n')
    assert found[0] == Record(1, b'{"n":1}', {"n": 1})
    assert reason(found[1]) == "invalid_json"
    assert values(b'\xef\xbb\xbf{"n":1}', "file.json") == [{"n": 1}]
    assert counts.lines == 2


@pytest.mark.parametrize("name", ["file.ndjson", "file.json"])
@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"", 0, id="an empty file is a delivery of nothing"),
        pytest.param(b"\xef\xbb\xbf", 1, id="a byte order mark alone is a blank line"),
        pytest.param(b"\n \r\n\t", 3, id="blank lines are lines without records"),
    ],
)
def test_a_file_without_records_has_only_blank_lines(name, content, lines):
    found, counts = read(content, name)
    assert found == []
    assert (counts.blank, counts.records) == (counts.lines, 0)
    assert counts.lines == lines


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"n":NaN}', id="NaN is no JSON"),
        pytest.param(b'{"n":-Infinity}', id="infinity is no JSON"),
        pytest.param(b'{"n":1,}', id="a trailing comma is no JSON"),
        pytest.param(b"{'n':1}", id="single quotes are no JSON"),
        pytest.param(b'{"n":"\\ud800"}', id="half a character is no text"),
        pytest.param(b'{"n":"\x01"}', id="a control character has to be escaped"),
        pytest.param(b'{"n":1} {"n":2}', id="a line holds one value"),
        pytest.param(b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nesting is bounded"),
    ],
)
def test_json_is_strict(text):
    for name in ("file.ndjson", "file.json"):
        [record], _ = read(text, name)
        assert reason(record) == "invalid_json"
        assert record.raw == text


def test_of_a_repeated_key_the_last_value_counts():
    assert values(b'{"n":1,"n":2}', "file.ndjson") == [{"n": 2}]


def test_a_line_up_to_the_limit_is_read_and_a_longer_one_is_kept_in_part():
    fitting = b'{"n":"' + b"x" * (LINE_LIMIT - 8) + b'"}'
    assert len(fitting) == LINE_LIMIT
    for end in (b"\n", b"\r\n"):
        found, counts = read(b"\xef\xbb\xbf" + fitting + end + b" " + fitting + end + b'{"n":3}')
        assert [reason(record) for record in found] == [None, "line_too_long", None]
        assert found[0].raw == fitting
        assert found[1].raw == b" " + fitting[: KEPT_OF_A_LONG_LINE - 1]
        assert found[2] == Record(3, b'{"n":3}', {"n": 3})
        assert counts == Counts(lines=3, blank=0, records=3)


def test_the_rest_of_an_overlong_line_is_skipped_however_long_it_is():
    found, counts = read(b"x" * (LINE_LIMIT + 3 * (1 << 20)) + b'\n{"n":2}\n' + b"y" * (LINE_LIMIT + 6))
    assert [(record.number, reason(record)) for record in found] == [
        (1, "line_too_long"),
        (2, None),
        (3, "line_too_long"),
    ]
    assert [len(record.raw) for record in found] == [KEPT_OF_A_LONG_LINE, 7, KEPT_OF_A_LONG_LINE]
    assert counts.lines == 3


def test_lines_are_read_one_at_a_time():
    class Endless(io.RawIOBase):
        lines_read = 0

        def readline(self, size=-1, /):  # noqa: ARG002 - the signature is the stream's
            self.lines_read += 1
            return b'{"n":1}\n'

    stream = Endless()
    found = records(stream, name="file.jsonl", counts=Counts())
    assert [next(found).number for _ in range(3)] == [1, 2, 3]
    assert stream.lines_read == 3


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([{"n": 1}, {"n": 2}], id="an array"),
        *(
            pytest.param({key: [{"n": 1}, {"n": 2}], "count": 2}, id=f"an array under {key}")
            for key in ("records", "value", "items", "operations", "data")
        ),
        pytest.param([{"records": [{"n": 1}]}, {"records": [{"n": 2}]}], id="an array of wrappers"),
        pytest.param({"value": [{"items": [[{"n": 1}], {"n": 2}]}]}, id="wrappers in wrappers"),
    ],
)
def test_a_document_is_unwrapped_until_single_records_remain(document):
    content = json.dumps(document, indent=2).encode()
    found, counts = read(content, "file.json.gz")
    assert found == [Record(1, b'{"n":1}', {"n": 1}), Record(2, b'{"n":2}', {"n": 2})]
    assert counts == Counts(lines=content.count(b"\n") + 1, blank=0, records=2)


def test_an_empty_wrapper_holds_no_record():
    found, counts = read(b'{"items": [], "kind": "List"}', "file.json")
    assert (found, counts) == ([], Counts(lines=1, blank=0, records=0))


def test_a_key_that_holds_no_array_wraps_nothing():
    document = {"items": None, "data": "text", "value": {"n": 1}}
    [record], _ = read(json.dumps(document, indent=1).encode(), "file.json")
    assert record.value == document


def test_a_single_object_keeps_its_bytes_as_delivered():
    content = b'{\n  "n": 1.50\n}\n'
    found, counts = read(content, "file.json")
    assert found == [Record(1, content, {"n": 1.5})]
    assert counts == Counts(lines=3, blank=0, records=1)


def test_the_stamp_of_a_wrapper_holds_for_each_record_that_has_none():
    document = {"collected_at": "A", "kind": "List", "items": [{"n": 1}, {"n": 2, "collected_at": "B"}]}
    assert values(json.dumps(document).encode(), "file.json") == [
        {"collected_at": "A", "n": 1},
        {"collected_at": "B", "n": 2},
    ]


def test_what_is_no_object_in_a_document_is_refused_where_it_stands():
    found, _ = read(b'[{"n":1}, 5, null, "x"]', "file.json")
    assert [(record.number, reason(record), record.raw) for record in found] == [
        (1, None, b'{"n":1}'),
        (2, "not_an_object", b"5"),
        (3, "not_an_object", b"null"),
        (4, "not_an_object", b'"x"'),
    ]


def test_json_lines_under_a_documents_name_are_read_line_by_line():
    found, counts = read(b'\xef\xbb\xbf{"n":1}\n\n{"n":\n{"n":3}\n', "file.json.zst")
    assert [(record.number, reason(record)) for record in found] == [
        (1, None),
        (3, "invalid_json"),
        (4, None),
    ]
    assert counts == Counts(lines=4, blank=1, records=3)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{\n "items": [\n  {"n": 1},\n  {"n": 2}\n', "invalid_json", id="a truncated document"),
        pytest.param(b'[{"n": 1},\n{"n": "\xff"}]', "invalid_utf8", id="a document that is not UTF-8"),
        pytest.param(b'{"n": 1} trailing', "invalid_json", id="an object with something after it"),
    ],
)
def test_a_malformed_document_is_one_record_with_its_bytes(content, expected):
    [record], counts = read(content, "file.json")
    assert (record.number, reason(record), record.raw) == (1, expected, content)
    assert (counts.blank, counts.records) == (0, 1)


def test_a_record_too_deep_to_be_written_again_is_refused_and_not_an_error():
    deep = b"[" * 500 + b"]" * 500
    found, _ = read(b'{"items":[{"n":1},{"n":' + deep + b"}]}", "file.json")
    assert [reason(record) for record in found] == [None, "invalid_json"]
