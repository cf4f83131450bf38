"""Exporters disagree about envelopes: lines, objects, arrays, wrappers in wrappers, lines named `.json`, files of any size."""

import io
import json
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.canonical import KEPT_OF_A_LONG_LINE, LINE_LIMIT, Refusal
from assets.telemetry.sources import documents
from assets.telemetry.sources.envelopes import Counts, Record, records
from assets.telemetry.sources.outcomes import NotAnUpgrade

MARK = b"\xef\xbb\xbf"


def read(content: bytes, name: str = "file.ndjson") -> tuple[list[Record], Counts]:
    counts = Counts()
    return list(records(io.BytesIO(content), name=name, counts=counts)), counts


def values(content: bytes, name: str) -> list[object]:
    return [record.value for record in read(content, name)[0]]


def reason(record: Record) -> str | None:
    return record.value.reason if isinstance(record.value, Refusal) else None


def reasons(content: bytes, name: str) -> list[str | None]:
    return [reason(record) for record in read(content, name)[0]]


# --- Lines --------------------------------------------------------------------------------------------------------------------


def test_a_record_is_a_line_and_keeps_its_line_and_its_bytes():
    found, counts = read(b'{"n": 1}\n\n \t \r\n{"n":2}\r\n{"n":3}')
    assert found == [
        Record(1, 1, b'{"n": 1}', {"n": 1}),
        Record(2, 4, b'{"n":2}', {"n": 2}),
        Record(3, 5, b'{"n":3}', {"n": 3}),
    ]
    assert counts == Counts(lines=5, blank=2, records=3)


def test_one_bad_line_does_not_lose_the_others():
    found, counts = read(b'{"n":1}\n{"n":\n\xff\xfe\n"x"\n{"n":2}\n')
    assert [reason(record) for record in found] == [None, "invalid_json", "invalid_utf8", "not_an_object", None]
    assert [(record.number, record.line) for record in found] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert found[2].raw == b"\xff\xfe"
    assert counts == Counts(lines=5, blank=0, records=5)


def test_a_byte_order_mark_is_dropped_at_the_start_of_a_file_only():
    found, counts = read(MARK + b'{"n":1}\n' + MARK + b'{"n":2}\n')
    assert found[0] == Record(1, 1, b'{"n":1}', {"n": 1})
    assert reason(found[1]) == "invalid_json"
    assert counts.lines == 2
    for document in (b'{"n":1}', b'[{"n":1}]', b'{"items":[{"n":1}]}'):
        assert values(MARK + document, "file.json") == [{"n": 1}]


@pytest.mark.parametrize("name", ["file.ndjson", "file.json"])
@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"", 0, id="an empty file is a delivery of nothing"),
        pytest.param(MARK, 1, id="a byte order mark alone is a blank line"),
        pytest.param(b"\n \r\n\t", 3, id="blank lines are lines without records"),
    ],
)
def test_a_file_without_records_has_only_blank_lines(name, content, lines):
    found, counts = read(content, name)
    assert found == []
    assert (counts.blank, counts.records) == (counts.lines, 0)
    assert counts.lines == lines


def test_a_line_that_wraps_records_is_several_of_them_on_one_line():
    # What an Event Hub hands over, and what Event Grid posts.
    found, counts = read(b'{"records":[{"n":1},{"n": 2}]}\n\n[{"n":3},[{"n":4}],5]\n{"n":6}\n')
    assert found == [
        Record(1, 1, b'{"n":1}', {"n": 1}),
        Record(2, 1, b'{"n":2}', {"n": 2}),
        Record(3, 3, b'{"n":3}', {"n": 3}),
        Record(4, 3, b'{"n":4}', {"n": 4}),
        Record(5, 3, b"5", Refusal("not_an_object")),
        Record(6, 4, b'{"n":6}', {"n": 6}),
    ]
    assert counts == Counts(lines=4, blank=1, records=6)


@pytest.mark.parametrize("line", [b"[]", b"[[], [ ]]", b'{"value": [], "nextLink": "x"}', b'{"items":[{"data":[]}]}'])
def test_a_line_that_wraps_nothing_is_one_record_that_is_empty(line):
    found, counts = read(b'{"n":1}\n' + line + b'\n{"n":3}\n')
    assert found[1] == Record(2, 2, line, NotAnUpgrade("empty"))
    assert [record.number for record in found] == [1, 2, 3]
    assert counts == Counts(lines=3, blank=0, records=3)


def test_the_stamp_of_a_wrapper_on_a_line_holds_for_each_of_its_records():
    assert values(b'{"items":[{"n":1},{"n":2,"observed_at":"B"}],"observed_at":"A"}\n{"n":3}\n', "file.jsonl") == [
        {"observed_at": "A", "n": 1},
        {"observed_at": "B", "n": 2},
        {"n": 3},
    ]


def test_a_stamp_is_not_written_into_the_bytes_of_every_record():
    # A stamp of megabytes on a line of a million records would be written a million times.
    line = b'{"collected_at":"' + b"x" * 1_000_000 + b'","items":[' + b"{}," * 1_000 + b"{}]}"
    found, _ = read(line)
    assert {record.raw for record in found} == {b"{}"}


def test_a_line_up_to_the_limit_is_read_and_a_longer_one_is_kept_in_part():
    fitting = b'{"n":"' + b"x" * (LINE_LIMIT - 8) + b'"}'
    assert len(fitting) == LINE_LIMIT
    for end in (b"\n", b"\r\n"):
        found, counts = read(MARK + fitting + end + b" " + fitting + end + b'{"n":3}')
        assert [reason(record) for record in found] == [None, "line_too_long", None]
        assert found[0].raw == fitting
        assert found[1].raw == b" " + fitting[: KEPT_OF_A_LONG_LINE - 1]
        assert found[2] == Record(3, 3, b'{"n":3}', {"n": 3})
        assert counts == Counts(lines=3, blank=0, records=3)


def test_the_rest_of_an_overlong_line_is_skipped_however_long_it_is():
    found, counts = read(b"x" * (LINE_LIMIT + 3 * (1 << 20)) + b'\n{"n":2}\n' + b"y" * (LINE_LIMIT + 6))
    assert [(record.line, reason(record)) for record in found] == [(1, "line_too_long"), (2, None), (3, "line_too_long")]
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


# --- Strict JSON, wherever it stands ------------------------------------------------------------------------------------------

NOT_JSON = [
    pytest.param(b'{"n":NaN}', id="NaN is no JSON"),
    pytest.param(b'{"n":-Infinity}', id="infinity is no JSON"),
    pytest.param(b'{"n":1,}', id="a trailing comma is no JSON"),
    pytest.param(b'{"n":1,,"m":2}', id="a comma separates two members"),
    pytest.param(b'{,"n":1}', id="a comma follows a member"),
    pytest.param(b"{'n':1}", id="single quotes are no JSON"),
    pytest.param(b'{"n":"\\ud800"}', id="half a character is no text"),
    pytest.param(b'{"n":"\x01"}', id="a control character has to be escaped"),
    pytest.param(b'{"n":"\x00"}', id="so has NUL"),
    pytest.param(b'{"n":1e999}', id="a number has to be finite"),
    pytest.param(b'{"n":1]', id="a bracket closes its own kind"),
    pytest.param(b'{"n":"x}', id="a string ends"),
    pytest.param(b"{", id="an object ends"),
]


@pytest.mark.parametrize("text", NOT_JSON)
def test_json_is_strict(text):
    for name in ("file.ndjson", "file.json"):
        [record], _ = read(text, name)
        assert (reason(record), record.raw) == ("invalid_json", text)


def test_nesting_is_bounded():
    text = b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for content, name in ((text, "file.ndjson"), (text, "file.json"), (b"[%s]" % text, "file.json")):
        [record], _ = read(content, name)
        assert reason(record) == "invalid_json"


def test_a_number_beyond_64_bits_is_rounded():
    text = b'{"n":%d,"m":18446744073709551615}' % 10**30
    for content, name in ((text, "file.ndjson"), (text, "file.json"), (b"[%s]" % text, "file.json")):
        assert values(content, name) == [{"n": 1e30, "m": 2**64 - 1}]


def test_of_a_repeated_key_the_last_value_counts():
    assert values(b'{"n":1,"n":2}', "file.ndjson") == [{"n": 2}]
    assert values(b'[{"n":1,"n":2}]', "file.json") == [{"n": 2}]
    assert values(b'{"items":[{"n":1}],"items":[{"n":2}]}', "file.json") == [{"n": 2}]
    assert values(b'{"items":[{"n":1}],"items":null}', "file.json") == [{"items": None}]


# --- Documents ----------------------------------------------------------------------------------------------------------------


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
        pytest.param({"count": 2, "data": [{"x": 1}], "value": [{"n": 1}, {"n": 2}]}, id="the first of several wrapping keys"),
    ],
)
@pytest.mark.parametrize("end", [b"", b"\r\n", b" \t\n\n"])
def test_a_document_is_unwrapped_until_single_records_remain(document, end):
    content = json.dumps(document, indent=2).replace("\n", "\r\n").encode() + end
    found, counts = read(content, "file.json.gz")
    assert [(record.number, record.line, json.loads(record.raw), record.value) for record in found] == [
        (1, 1, {"n": 1}, {"n": 1}),
        (2, 2, {"n": 2}, {"n": 2}),
    ]
    assert counts == Counts(lines=len(content.splitlines()), blank=0, records=2)


def test_a_record_of_a_document_keeps_its_bytes_as_delivered():
    content = b'[{ "n": 1.50 },\n {"n": "\\u00e9"} ]\n'
    assert [record.raw for record in read(content, "file.json")[0]] == [b'{ "n": 1.50 }', b'{"n": "\\u00e9"}']
    assert read(b'{\n  "n": 1.50\n}\n', "file.json") == (
        [Record(1, 1, b'{\n  "n": 1.50\n}', {"n": 1.5})],
        Counts(lines=3, blank=0, records=1),
    )


@pytest.mark.parametrize(
    "content", [b'{"items": [], "kind": "List"}', b"[]", b"[ \n]", b'[[], {"records":[]}]', b'{"value":[ ]}']
)
def test_a_document_that_wraps_nothing_holds_no_record(content):
    found, counts = read(content, "file.json")
    assert (found, counts) == ([], Counts(lines=content.count(b"\n") + 1, blank=0, records=0))


def test_a_key_that_holds_no_array_wraps_nothing():
    document = {"items": None, "data": "text", "value": {"n": 1}}
    [record], _ = read(json.dumps(document, indent=1).encode(), "file.json")
    assert record.value == document


def test_strings_and_escapes_hide_what_looks_like_structure():
    texts = ["}, {", '"', "\\", '\\"', "]", '{"a": [', "\\\\", "é\u2028\x7f", ",", ""]
    content = json.dumps({"data": [{"n": text, text: [text]} for text in texts]}).encode()
    assert values(content, "file.json") == [{"n": text, text: [text]} for text in texts]


def test_what_begins_like_a_record_inside_one_begins_no_other():
    delivered = [
        b'{"n": 1}',
        b'{"n": [{"n":1},{"n":2}, {"n": 3}]}',
        b'{"n": "{\\"n\\":1},"}',
        b'{"n": 2, "m": {"n": 1}}',
        b'{"m": 1}',
        b'{"n":3}',
    ]
    found, _ = read(b"[" + b" ,\n\t".join(delivered) + b"\n]\n", "file.json")
    assert [record.raw for record in found] == delivered
    assert [record.value for record in found] == [json.loads(raw) for raw in delivered]


STAMPED = [
    {"collected_at": "A", "kind": "List", "items": [{"n": 1}, {"n": 2, "collected_at": "B"}]},
    {"kind": "List", "items": [{"n": 1}, {"n": 2, "collected_at": "B"}], "collected_at": "A"},
    {"collected_at": "C", "value": [{"items": [{"n": 1}, {"n": 2, "collected_at": "B"}], "collected_at": "A"}]},
]


@pytest.mark.parametrize("document", STAMPED, ids=["before the records", "behind them", "of the wrapper next to them"])
def test_the_stamp_of_a_wrapper_holds_for_each_record_that_has_none(document):
    assert values(json.dumps(document).encode(), "file.json") == [
        {"collected_at": "A", "n": 1},
        {"collected_at": "B", "n": 2},
    ]


def test_what_is_no_object_in_a_document_is_refused_where_it_stands():
    found, _ = read(b'[{"n":1}, 5, null, "x"]', "file.json")
    assert [(record.number, record.line, reason(record), record.raw) for record in found] == [
        (1, 1, None, b'{"n":1}'),
        (2, 2, "not_an_object", b"5"),
        (3, 3, "not_an_object", b"null"),
        (4, 4, "not_an_object", b'"x"'),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"5", "not_an_object", id="a number"),
        pytest.param(b'"{}"', "not_an_object", id="a string"),
        pytest.param(b"x", "invalid_json", id="text"),
        pytest.param('{"n":1}'.encode("utf-16"), "invalid_utf8", id="UTF-16, as PowerShell writes it"),
        pytest.param(b'{"n":"\xff"}', "invalid_utf8", id="an object in another encoding"),
    ],
)
def test_a_document_that_is_no_object_and_no_array_is_one_refused_record(content, expected):
    [record], counts = read(content, "file.json")
    assert (record.number, reason(record), record.raw) == (1, expected, content)
    assert (counts.blank, counts.records) == (0, 1)


@pytest.mark.parametrize(
    ("first", "line_count"),
    [
        pytest.param(b'{"n":1}', 1, id="an object on the first line"),
        pytest.param(b'\r\n[{"n":1}]', 2, id="an array on the first line with anything on it"),
        pytest.param(b'{"value":[{"n":1}]}', 1, id="a wrapper on the first line"),
    ],
)
def test_json_lines_under_a_documents_name_are_read_line_by_line(first, line_count):
    found, counts = read(MARK + first + b'\n\n{"n":\n{"n":3}\n', "file.json.zst")
    assert [(record.number, record.line, reason(record)) for record in found] == [
        (1, line_count, None),
        (2, line_count + 2, "invalid_json"),
        (3, line_count + 3, None),
    ]
    assert counts == Counts(lines=line_count + 3, blank=line_count, records=3)


# --- Broken documents ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [b'{"n":NaN}', b'{"n":"\\udc00"}', b'{"n":-1e999}', b'{"n":"\x01"}', b'{"n":"\xff"}'])
@pytest.mark.parametrize("wrapper", [b"[%s]", b'{"value":[%s]}'])
def test_a_value_that_shows_where_it_ends_is_refused_alone(wrapper, bad):
    found, _ = read(wrapper % (b'{"n":1}, ' + bad + b' ,{"n":3}'), "file.json")
    assert [reason(record) for record in found] == [None, "invalid_utf8" if b"\xff" in bad else "invalid_json", None]
    assert found[1].raw == bad


@pytest.mark.parametrize(
    ("content", "good", "rest"),
    [
        pytest.param(b'{\n "items": [\n  {"n": 1},\n  {"n": 2}\n', 1, b'\n  {"n": 2}\n', id="the end is missing"),
        pytest.param(b'[{"n":1},{"n":1}', 1, b'{"n":1}', id="the bracket is missing"),
        pytest.param(b'[{"n":1},', 1, b"", id="nothing follows a comma"),
        pytest.param(b'{"items":[{"n":1}]', 1, b"", id="the wrapper has no end"),
        pytest.param(b'[{"n":1},{"n":2]},{"n":3}]', 1, b'{"n":2]},{"n":3}]', id="the brackets do not match"),
        pytest.param(b'[{"n":1},{"n":1}},{"n":2}]', 1, b'{"n":1}},{"n":2}]', id="there is a bracket too many"),
        pytest.param(b'[{"n":1},{"n":"2},{"n":3}]', 1, b'{"n":"2},{"n":3}]', id="a string has no end"),
        pytest.param(b'[{"n":1},{"n":2} {"n":3}]', 1, b'{"n":2} {"n":3}]', id="a comma is missing"),
        pytest.param(b'[{"n":1},{"n":2};{"n":3}]', 1, b'{"n":2};{"n":3}]', id="a comma is another character"),
        pytest.param(b'[{"n":1},,{"n":3}]', 1, b',{"n":3}]', id="there is a comma too many"),
        pytest.param(b'[{"n":1},{"n":tru},{"n":3}]', 1, b'{"n":tru},{"n":3}]', id="a value is none"),
        pytest.param(b'{"n":1} trailing', 1, b"trailing", id="something follows an object"),
        pytest.param(b'[{"n":1}] [{"n":2}]', 1, b'[{"n":2}]', id="another document follows"),
        pytest.param(b'{"items":[{"n":1}] x, "a":1}', 1, b'x, "a":1}', id="something follows the records"),
        pytest.param(b'{"items":[{"n":1}], "a":NaN}', 1, b' "a":NaN}', id="what stands behind the records is no JSON"),
        pytest.param(b'{"items":[{"n":1}], "a":1', 1, b' "a":1', id="what stands behind the records has no end"),
        pytest.param(b'{"items":[{"n":1}],"data":[NaN]}', 1, b'"data":[NaN]}', id="another array behind the records is no JSON"),
        pytest.param(b'{"data":[{"n":1}],"items":[NaN', 0, b"NaN", id="the array that counts breaks off"),
        pytest.param(b'{"items":[{"n":1}],}', 1, b"}", id="a comma ends the wrapper"),
        pytest.param(b'{"items":[{"n":1}]]', 1, b"]", id="the wrapper ends as an array"),
        pytest.param(b'{"a":tru,"items":[{"n":1}]}', 0, b'{"a":tru,"items":[{"n":1}]}', id="what stands before them is no JSON"),
        pytest.param(b'[{"n":1},' + b"[" * 2_000 + b"]" * 2_001, 1, b"[" * 2_000 + b"]" * 2_001, id="nesting is too deep"),
        pytest.param(b'[{"n":1},"\\', 1, b'"\\', id="it ends with half an escape"),
    ],
)
def test_of_a_broken_document_the_good_records_stay_and_the_rest_is_one_refused_record(content, good, rest):
    found, counts = read(content, "file.json")
    assert [record.value for record in found] == [{"n": 1}] * good + [Refusal("invalid_json")]
    assert found[-1].raw == rest
    assert (counts.blank, counts.records) == (0, good + 1)


def test_of_the_rest_of_a_broken_document_its_first_64_kib_are_kept():
    rest = b'{"n":"' + b"x" * 100_000
    [good, last], _ = read(b'[{"n":1},' + rest, "file.json")
    assert (good.value, last.raw) == ({"n": 1}, rest[:KEPT_OF_A_LONG_LINE])


# --- Large documents ----------------------------------------------------------------------------------------------------------


LONG = b'{"n":"' + b"x" * LINE_LIMIT + b'"}'


@pytest.mark.parametrize("wrapper", [b"[%s]", b'{"value":[%s],"count":3}', b'[{"value":[[%s]]}]'])
def test_a_record_longer_than_a_line_may_be_is_refused_alone(wrapper):
    found, _ = read(wrapper % (b'{"n":1},\n' + LONG + b',{"n":3}'), "file.json")
    assert [reason(record) for record in found] == [None, "line_too_long", None]
    assert found[1].raw == LONG[:KEPT_OF_A_LONG_LINE]


def test_a_record_of_ten_megabytes_is_read():
    text = "x" * 10_000_000
    assert values(b'[{"n":1},{"n":"%s"}]' % text.encode(), "file.json") == [{"n": 1}, {"n": text}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{"n":"%s"}', ["line_too_long"], id="an object"),
        pytest.param(b'"%s"', ["line_too_long"], id="a string"),
        pytest.param(b'{"items":[{"n":1}],"a":"%s"}', [None, "line_too_long"], id="what stands behind the records"),
        pytest.param(b'{"a":"%s","items":[{"n":1}]}', ["line_too_long"], id="what stands before them"),
        pytest.param(b'[{"n":1}, {"a":"%s","items":[{"n":2}]}, {"n":3}]', [None, "line_too_long", None], id="in an element"),
    ],
)
def test_what_is_longer_than_a_record_may_be_is_refused(content, expected):
    assert reasons(content % (b"x" * LINE_LIMIT), "file.json") == expected


def test_wrappers_that_are_too_large_to_be_read_at_once_are_unwrapped_too():
    large = b'{"n":"' + b"x" * (LINE_LIMIT - 20) + b'"}'
    content = b'{"value":[{"items":[{"n":1},' + large + b"," + large + b'],"observed_at":"A"},{"n":2}],"collected_at":"B"}'
    first, _, _, last = values(content, "file.json")
    assert first == {"n": 1, "observed_at": "A", "collected_at": "B"}
    assert last == {"n": 2, "collected_at": "B"}


def test_the_memory_that_a_document_takes_does_not_grow_with_it():
    class Repeated(io.RawIOBase):
        """A document of so many equal records, made while it is read."""

        def __init__(self, count: int) -> None:
            self.record = b'{"n":"%s"},' % (b"x" * 990)
            self.size = 10 + count * len(self.record) + 4
            self.place = 0

        def seek(self, offset, whence=0, /):
            self.place = self.size + offset if whence == 2 else offset
            return self.place

        def read(self, size=-1, /):
            begin, end = self.place, min(self.place + size, self.size)
            self.place = end
            of_records = slice(max(begin - 10, 0), max(end - 10, 0))
            first, last = of_records.start // len(self.record), of_records.stop // len(self.record) + 1
            inside = (self.record * (last - first))[of_records.start - first * len(self.record) :]
            text = b'{"items":['[begin:end] + inside
            if end > self.size - 4:
                text = text[: self.size - 4 - begin] + b"{}]}"
            return text[: end - begin]

        def readline(self, size=-1, /):
            return self.read(size)

    peaks = []
    for count in (20_000, 40_000):
        tracemalloc.start()
        assert sum(1 for _ in records(Repeated(count), name="file.json", counts=Counts())) == count + 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


JSON = st.recursive(
    st.sampled_from([None, True, 1, -2.5, 10**18, "", "a", "]", "}{,", '"', '\\"', "\\", "é\u2028", "\x00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["records", "value", "items", "operations", "data", "collected_at", "n", '"', "\\"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    document=JSON,
    block=st.sampled_from([2, 3, 7, 1 << 16]),
    limit=st.sampled_from([8, 40, LINE_LIMIT]),
    indent=st.none() | st.just(1),
)
def test_a_document_gives_the_same_records_in_pieces_as_at_once(document: Any, block, limit, indent):
    content = json.dumps(document, indent=indent).encode()
    at_once = [value for _, value in documents.unwrapped(content, orjson.loads(content))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_BLOCK", block)
        patch.setattr(documents, "LINE_LIMIT", limit)
        in_pieces = [value for _, value in documents.streamed(io.BytesIO(content), 0)]
    if limit == LINE_LIMIT:
        assert in_pieces == at_once
    else:  # what is too long is refused, and nothing else is
        assert {value.reason for value in in_pieces if isinstance(value, Refusal)} <= {"line_too_long", "not_an_object"}


@settings(max_examples=200, deadline=None)
@given(document=JSON, indent=st.none() | st.just(1), data=st.data())
def test_no_byte_that_is_wrong_goes_unnoticed(document: Any, indent, data):
    content = json.dumps(document, indent=indent).encode()
    begin = data.draw(st.integers(0, len(content)))
    removed = data.draw(st.sampled_from([0, 1, len(content)]))
    content = (
        content[:begin]
        + data.draw(st.sampled_from([b"", *(b"%c" % each for each in b'"\\[]{},:1\xff')]))
        + content[begin + removed :]
    )
    found = [value for _, value in documents.streamed(io.BytesIO(content), 0)]
    at_once = documents.parse(content)
    if isinstance(at_once, Refusal):
        assert any(isinstance(value, Refusal) and value.reason != "not_an_object" for value in found)
    else:
        assert found == [value for _, value in documents.unwrapped(content, at_once)]


# --- YAML ---------------------------------------------------------------------------------------------------------------------

CLUSTER = """\
apiVersion: config.openshift.io/v1
kind: ClusterVersion
spec: {clusterID: 0b1c, overrides: []}
status:
  history:
  - startedTime: 2026-02-01T10:00:00Z
    version: "4.10"
    verified: true
    completionTime: null
    generation: 7
    image: |
      r@sha256:a
"""
CLUSTER_VALUE = {
    "apiVersion": "config.openshift.io/v1",
    "kind": "ClusterVersion",
    "spec": {"clusterID": "0b1c", "overrides": []},
    "status": {
        "history": [
            {
                "startedTime": "2026-02-01T10:00:00Z",
                "version": "4.10",
                "verified": True,
                "completionTime": None,
                "generation": 7,
                "image": "r@sha256:a\n",
            }
        ]
    },
}


@pytest.mark.parametrize("name", ["file.yaml", "file.yml", "file.yaml.gz", "file.yml.zst"])
def test_yaml_is_read_as_the_json_that_it_stands_for(name):
    [record], counts = read(CLUSTER.encode(), name)
    assert (record.number, record.line, record.value) == (1, 1, CLUSTER_VALUE)
    assert json.loads(record.raw) == CLUSTER_VALUE
    assert counts == Counts(lines=12, blank=0, records=1)


def test_every_document_of_a_yaml_file_and_every_item_of_a_list_is_a_record():
    listed = "kind: List\ncollected_at: A\nitems:\n- n: 1\n- n: 2\n  collected_at: B\n"
    found, _ = read(f"{listed}---\n# nothing\n---\nn: 3\n...\n---\n- n: 4\n- 5\n".encode(), "file.yaml")
    assert [(record.number, record.value) for record in found] == [
        (1, {"collected_at": "A", "n": 1}),
        (2, {"collected_at": "B", "n": 2}),
        (3, {"n": 3}),
        (4, {"n": 4}),
        (5, Refusal("not_an_object")),
    ]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"---\n", b"---\n---\nnull\n"])
def test_a_yaml_file_without_anything_in_it_holds_no_record(content):
    assert read(content, "file.yaml")[0] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12), ("-0", 0), ("+5", 5), ("007", 7), ("1.50", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1" + "0" * 30, 1e30),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775809", -(2.0**63)), ("true", True), ("FALSE", False), ("~", None),
        ("", None), ("yes", "yes"), ("on", "on"), ("2026-02-01", "2026-02-01"), ("12:30:45", "12:30:45"), ("0x1f", "0x1f"),
        (".nan", ".nan"), ("-.inf", "-.inf"), ("4.16.2", "4.16.2"), ("'12'", "12"), ('"true"', "true"),
        ('"\\u00e9"', "é"), ("=", "="),
    ],
)  # fmt: skip
def test_a_scalar_is_what_yaml_1_2_takes_it_for_and_text_where_json_has_nothing_like_it(text, expected):
    [record], _ = read(f"n: {text}\n".encode(), "file.yaml")
    assert record.value == {"n": expected}
    assert type(record.value["n"]) is type(expected)


def test_a_key_is_the_text_that_it_is_and_the_last_of_equal_ones_counts():
    assert values(b"1: a\ntrue: b\n~: c\nn: 1\nn: 2\n", "file.yaml") == [{"1": "a", "true": "b", "~": "c", "n": 2}]


def test_an_alias_stands_for_what_its_anchor_marks_in_the_same_document():
    content = b"- &c {spec: &s {clusterID: &i x}}\n- {spec: *s, i: *i}\n- *c\n"
    assert values(content, "file.yaml") == [
        {"spec": {"clusterID": "x"}},
        {"spec": {"clusterID": "x"}, "i": "x"},
        {"spec": {"clusterID": "x"}},
    ]


LAUGHS = b"".join(b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 10)) for letter in b"bcdefghij")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"n: 1\n  m: 2\n", id="no YAML"),
        pytest.param(b"---\nn: 1\n---\nn: [1\n", id="one document of two is no YAML"),
        pytest.param(b"n: \xff\n", id="not UTF-8"),
        pytest.param(b'n: "\x00"\n', id="NUL"),
        pytest.param(b'n: "\\ud800"\n', id="half a character"),
        pytest.param(b"n: 1e999\n", id="a number that is not finite"),
        pytest.param(b"n: 1" + b"0" * 5_000 + b"\n", id="a number of thousands of digits"),
        pytest.param(b"n: !!python/object/apply:os.system [ls]\n", id="a tag that makes an object"),
        pytest.param(b"n: !!binary aGk=\n", id="a tag"),
        pytest.param(b"? [1]\n: 2\n", id="a list as a key"),
        pytest.param(b"- &a [1]\n- {*a : 2}\n", id="a list as a key, by an alias"),
        pytest.param(b"n: *a\n", id="an alias of nothing"),
        pytest.param(b"--- &a x\n---\nn: *a\n", id="an alias of what another document marks"),
        pytest.param(b"&a [*a]\n", id="an alias of what it stands in"),
        pytest.param(b"a: &a [" + b"x," * 10 + b"]\n" + LAUGHS, id="aliases of aliases, ten to the tenth power"),
        pytest.param(b"a: &a " + b"x" * (1 << 20) + b"\nb: [" + b"*a," * 64 + b"]\n", id="aliases of a long text"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="lists nested thousands deep"),
        pytest.param(b"- " * 10_000, id="the same without brackets"),
        pytest.param(b"#" * ((64 << 20) + 1), id="more than 64 MiB"),
    ],
)
def test_yaml_that_stands_for_no_json_is_one_refused_record(content):
    [record], counts = read(content, "file.yaml")
    assert (record.number, record.line, reason(record), record.raw) == (1, 1, "invalid_yaml", content[:KEPT_OF_A_LONG_LINE])
    assert counts.records == 1
