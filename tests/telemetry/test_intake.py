"""Taking in deliveries: no line is lost, none counts twice, and neither the order of processing nor accidents change the end."""

import gzip
import json
import os
import resource
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.simulation.simulate import simulate
from assets.telemetry import intake, reading
from assets.telemetry.canonical import LINE_LIMIT, Event, read_line
from assets.telemetry.landing import LandingError

DAY = date(2026, 11, 20)
MARK = b"\xef\xbb\xbf"


def day(number: int) -> date:
    return date(2026, 11, number)


def event(identity: str, **changes: Any) -> bytes:
    """A good line with this id; `changes` go into its data, but for `time`, `type` and `source`."""
    document = {
        "specversion": "1.0",
        "id": identity,
        "source": changes.pop("source", "/fleet"),
        "type": f"dev.upgradeslo.operation.{changes.pop('type', 'started')}",
        "time": changes.pop("time", "2026-11-01T08:15:30Z"),
        "data": {"operation_id": f"op-{identity}", "cluster_id": "c-1", "scope": "addon", **changes},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def lines(*each: bytes, end: bytes = b"\n") -> bytes:
    return b"".join(line + end for line in each)


def places(zone) -> dict[str, str]:
    """By id, the file whose event counts."""
    return {row.event.id: row.path.partition("/")[2] for row in zone.events()}


# --- The bulk reading agrees with the strict reader ---------------------------------------------------------------------------


def split(content: bytes) -> list[bytes]:
    """The lines of a file, as the contract has them."""
    *ended, last = content.split(b"\n")
    found = [line.removesuffix(b"\r") for line in ended] + ([last] if last else [])
    return [found[0].removeprefix(MARK), *found[1:]] if found else []


def strictly(files: Iterable[tuple[str, date, bytes]]) -> tuple[list[tuple[str, Event]], list[tuple[str, int, str, bytes]]]:
    """What files come to, in order of delivery, when every line goes through the strict reader and the first identity counts."""
    events, refused, contents, identities = [], [], set(), set()
    for path, delivery_day, content in files:
        if content in contents:
            continue
        contents.add(content)
        for number, line in enumerate(split(content), start=1):
            if not line.strip(b" \t"):
                continue
            outcome = read_line(line, delivery_day=delivery_day)
            if not isinstance(outcome, Event):
                kept = line if len(line) <= LINE_LIMIT else line[: 64 * 1024]
                refused.append((path, number, outcome.reason, kept))
            elif (outcome.source, outcome.id) not in identities:
                identities.add((outcome.source, outcome.id))
                events.append((path, outcome))
    return sorted(events, key=lambda each: (each[0], each[1].source, each[1].id)), refused


def assert_taken_in_strictly(zone, files: dict[str, bytes]) -> None:
    """Deliver the files on one day, take them in, and compare with the strict reader line by line."""
    for name, content in files.items():
        zone.deliver(DAY, name, content)
    zone.take_in(DAY)
    delivered = [(f"canonical/{DAY}/{name}", DAY, files[name]) for name in sorted(files)]
    events, refused = strictly(delivered)
    assert [(row.path, row.event) for row in zone.events()] == events
    assert zone.quarantine() == refused
    first_with = {content: path for path, _, content in reversed(delivered)}
    ledger = zone.ledger()
    for path, _, content in delivered:
        counts = ledger[path]
        if first_with[content] != path:
            assert counts == {}
            continue
        assert counts.get("lines", 0) == counts.get("records", 0) + counts.get("blank", 0) == len(split(content))
        assert counts.get("records", 0) == sum(counts.get(name, 0) for name in ("accepted", "duplicate", "quarantined"))
        assert counts.get("accepted", 0) == sum(1 for found, _ in events if found == path)
        assert counts.get("quarantined", 0) == sum(1 for found, *_ in refused if found == path)


VALUES = [
    "null", '""', "1", "-1", "-0", "007", "12.0", "1e2", "true", "[]", "{}", "[ ]", '"x"', '" "', '"1"', '"12.0"',
    "999999999999999999", "1000000000000000000", "9223372036854775807", "9223372036854775808", "1" + "0" * 30,
    '"\\u0000"', '"a\\u0000b"', '"\\n\\t"', '"\\"q\\""', '"\\\\"', '"\\/"',
    '"m\\u0061nual"', '"addo\\u006e"', '"manual"', '"Manual"',
    '"\u0301a"', '"a\u0600"', '"\u200d"', '"é\u0301\u200d🚀\U0001f468\u200d\U0001f469"', '"\u2028\ufeff\uffff\x7f"',
    '"\\ud83d\\ude80"', '["a"]', '["a", "b"]', '["a","a"]', '["é\u0301"]', '["\u0301"]', '[""]', '["a\\n"]', '["a",1]',
    '["a",null]', '[["a"]]', '"[\\"a\\"]"',
    "NaN", "Infinity", "[1,]", "tru", "'x'", '"\t"', '"\x00"', '"\\ud800"', '"\\x41"', "01", "+1", ".5", "1.", "0x1f", "1_0", "",
]  # fmt: skip
MOMENTS = [
    "2026-11-20T08:15:30.1234569Z", "2026-11-20t08:15:30z", "2026-11-20T08:15:30+05:30", "2026-11-20T08:15:30.9999999-23:59",
    "2026-11-20T08:15:30-00:00", "2026-11-20T08:15:30." + "9" * 40 + "Z", "2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z",
    "2026-11-20T08:15:60Z", "2026-11-20T24:00:00Z", "2026-11-20T08:15:30", "2026-11-20 08:15:30Z", "2026-11-20T08:15:3.123456Z",
    "\t026-11-20T08:15:30Z", " 2026-11-20T08:15:30Z", "2026-11-20T08:15:30Z ", "2026-11-20T08:15:30+24:00",
    "2026-11-20T08:15:30.Z", "2026-11-20T08:15:30.5z", "2026-11-20T08:15:30.1234567Z", "٢-11-20T08:15:30Z",
    "2014-06-06T00:00:00Z", "2014-06-05T23:59:59.999999Z", "2014-06-06T00:30:00+01:00", "2026-11-23T00:00:00Z",
    "2026-11-23T00:00:00.0000009Z", "2026-11-23T00:00:00.000001Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "infinity",
    "epoch", "٢٠٢٦-11-20T08:15:30Z",
]  # fmt: skip
AROUND = [
    b"", b" ", b"\t", b"\r", b"\r\r", b"\x0b", b"\x0c", b"\x00", b"\x1e", b"x", b",", b"]", b"}", b"{}", b"[", b"//", b"#", MARK,
    b"\xc2\xa0",
]  # fmt: skip
WHOLE = [
    b"{}", b"[]", b"1", b"null", b'"x"', b"{", b"}", b"NaN", b"\r", b"\x0b", b"\x0c \r", b" ", b"\t \t", b"", b"\x00", b"\xff",
    MARK,
]  # fmt: skip


def hostile_lines() -> list[bytes]:
    """Every field with every value, alone and repeated, and every way to spoil a line that the readers may take differently."""
    good = event("e").decode()
    fields = {
        "id": '"e"', "source": '"/fleet"', "specversion": '"1.0"', "type": '"dev.upgradeslo.operation.started"',
        "time": '"2026-11-01T08:15:30Z"', "operation_id": '"op-e"', "cluster_id": '"c-1"', "scope": '"addon"',
    }  # fmt: skip
    found: list[str] = []
    for value in [*VALUES, *(f'"{moment}"' for moment in MOMENTS)]:
        for name in ("provider", "trigger", "node_count", "error_message", "api_features", "observed_at", "unknown"):
            found.append(f'{good[:-2]},"{name}":{value}}}}}')
            found.append(f'{good[:-2]},"{name}":{value},"{name}":"second"}}}}')
        for name, usual in fields.items():
            found.append(good.replace(f'"{name}":{usual}', f'"{name}":{value}'))
            found.append(good.replace(f'"{name}":{usual}', f'"{name}":{value},"{name}":{usual}'))
            found.append(good.replace(f'"{name}":{usual}', f'"{name}":{usual},"{name}":{value}'))
        envelope, data = good.split(',"data":')
        found += [f'{envelope},"data":{value}}}', f'{envelope},"data":{value},"data":{data}', f'{{"unknown":{value},{good[1:]}']
    for key in ('"ID"', '"Id"', '"id\\u0000"', '"\\u0069d"', '""', '"data.scope"', '"\\ud800"', "id", "1"):
        found += [f'{good[:-1]},{key}:"x"}}', f'{{{key}:"x",{good[1:]}', f'{good[:-2]},{key}:"x"}}}}']
    text = [line.encode("utf-8", "surrogatepass") for line in found]
    encoded = good.encode()
    text += [encoded[:cut] for cut in range(0, len(encoded), 5)]
    text += [before + encoded + after for before in AROUND for after in AROUND]
    text += [encoded.replace(b"op-e", each) for each in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3")]
    text += [encoded.replace(b"}}", each) for each in (b",}}", b"},}", b" } } ", b"}\x0b}", b"}}}", b"}")]
    text += [encoded.replace(b'"}}', b'","x":' + b"[" * n + b"]" * n + b"}}") for n in (997, 998, 999, 1500)]
    text += [encoded, json.dumps(json.loads(good), indent=1).replace("\n", "\r").encode(), *WHOLE]
    return [each.replace(b'"id":"e"', b'"id":"e%d"' % number) for number, each in enumerate(text)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
def test_every_hostile_line_means_the_same_to_the_bulk_reading_and_to_the_strict_reader(zone, end):
    content = lines(*hostile_lines(), end=end)
    assert content.count(end) > 2_500
    assert_taken_in_strictly(zone, {"a.ndjson": content})
    assert len(zone.events()) > 700


def near(moment: str) -> set[str]:
    """The moment and every text that one character more, less or other makes of it."""
    characters = "05+-:.TtZz/, \t\n\u0665"
    cuts = [(moment[:place], moment[place:]) for place in range(len(moment) + 1)]
    return {
        moment,
        *(before + each + after for before, after in cuts for each in characters),
        *(before + each + after[1:] for before, after in cuts for each in characters),
        *(before + after[1:] for before, after in cuts),
    }


def test_every_text_one_character_away_from_a_moment_means_the_same_to_both_readers(zone):
    # The fast reading of moments took second `3.` for `03`: "08:15:3.Z" and, before that, "08:15:3.123456Z".
    moments = [
        "2026-11-20T08:15:30Z",
        "2026-11-20T23:59:59.999999Z",
        "2026-11-20t08:15:30.1234567+05:30",
        "2024-02-29T00:00:00.5z",
    ]
    texts = sorted(set().union(*map(near, moments)))
    assert len(texts) > 3_000
    each = [event(f"e{number}", time=text) for number, text in enumerate(texts)]
    each += [event(f"o{number}", observed_at=text) for number, text in enumerate(texts)]
    assert_taken_in_strictly(zone, {"a.ndjson": lines(*each)})
    assert len(zone.events()) > 100


def test_the_last_line_and_the_first_line_of_a_file_mean_the_same_as_any_other(zone):
    # Of the last two bytes of a file nothing was looked at: a comma before the last brace, or a form feed behind it, passed.
    # A second byte order mark was dropped by DuckDB's reader alone: it hid a fault, or left a line without a row.
    good = event("g")
    hostile = [
        *(good + after for after in (b"", b" ", b"\r", b"\x0b", b"\x0c", b"\r\x0c", b"\x00", b",", b"}")),
        *(good.replace(b"}}", end) for end in (b"},}", b",}}", b"}")),
        event("o", observed_at="9999-12-31T23:59:59-01:00"),
        *(b"{}", b"[]", b"}", b"\r", b"\x0b", b" ", b"", b"\xff", MARK, MARK + b" ", MARK + b"\x0b"),
    ]
    files = {}
    for number, line in enumerate(hostile):
        line = line.replace(b'"g"', b'"g%d"' % number)
        for form, content in enumerate((line, line + b"\n", MARK + line, MARK + MARK + line + b"\r\n")):
            files[f"{number:02}-{form}.ndjson"] = content
    assert_taken_in_strictly(zone, files)


TOKENS = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"\r", b"\x0b", b"\x0c", b"\x00", b"\x1f", b"\x7f", MARK,
    b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x9a\x80", b"\xcc\x81", b"\xd8\x80", b"NaN", b"inf", b"-", b"+", b".", b"0",
    b"9",
    b"e", b"null", b"true", b"\\u0000", b"\\ud83d", b"\\ude80", b"\\u0022", b"\\n", b"//", b"'", b'""', b"{}", b"[]", b'"id":',
    b'"data":{', b'"id":null,', b'"scope":"addon",', b'"node_count":7,', b'"trigger":null,', b"10000", b"0000-01-01T00:00:00Z",
    b"[" * 1001 + b"]" * 1001,
]  # fmt: skip
COMPLETE = event(
    "e", provider="aks", node_pool="np", region="ré", from_version="1.30", to_version="v1.31", trigger="manual",
    workload_type="w", node_count=12, error_code="E", error_message='a "q"\n🚀\\ud83d', upgrade_id="u", observed_version="1.31",
    api_features=["a", "b/c"], observed_at="2026-11-20T09:15:30.5+01:00", unknown={"a": [1, 2.5e3, {"b": None}]},
)  # fmt: skip
SPACED = json.dumps(json.loads(COMPLETE)).encode()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good line with a few tokens put in, put in place of others, or bytes taken out; sometimes another white space."""
    line = draw(st.sampled_from([event("e"), COMPLETE, SPACED]))
    line = line.replace(b'"e"', b'"e%d"' % draw(st.integers(0, 30)))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        place = draw(st.integers(0, len(line)))
        taken = draw(st.sampled_from([0, 0, 1, 2, 4]))
        line = line[:place] + draw(st.sampled_from([*TOKENS, b""])) + line[place + taken :]
    return line


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(mutated(), min_size=1, max_size=40), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.booleans())
def test_lines_spoiled_at_random_mean_the_same_to_both_readers(new_zone, each, end, is_marked, is_ended):
    content = lines(*each, end=end)
    content = (MARK if is_marked else b"") + (content if is_ended else content.removesuffix(end))
    assert_taken_in_strictly(new_zone(), {"a.ndjson": content})


def test_a_file_of_several_mebibytes_with_blank_and_odd_lines_keeps_every_line_at_its_number(zone):
    texts = ["ß" * 40, "e\u0301\u200d" * 30, "🚀" * 25, 'say "x"\n' * 9]
    each = []
    for number in range(8_000):
        each.append(event(f"e{number % 7_900}", error_message=texts[number % 4], region="Île-de-France"))
        if number % 97 == 0:
            each.append([b"", b" \t", b"\x0b", b"\x0c\r", b"\r", b"{}", b'{"a":1,}', b"\xff"][number % 8])
    content = lines(*each[:4_000]) + lines(*each[4_000:], end=b"\r\n")
    assert len(content) > 2 * 1024 * 1024
    assert_taken_in_strictly(zone, {"a.ndjson": content})
    assert zone.counts(f"canonical/{DAY}/a.ndjson")["duplicate"] > 90


def test_lines_of_many_mebibytes_are_read_to_the_limit_and_refused_beyond_it(zone):
    padding = LINE_LIMIT - len(event("b", error_message=""))
    content = lines(
        event("a"),
        event("b", error_message="x" * padding),
        event("c", error_message="x" * (padding + 1)),
        b"y" * (17 * 1024 * 1024),
        event("d"),
    )
    zone.deliver(DAY, "a.ndjson", content)
    zone.take_in(DAY)
    assert [row.event.id for row in zone.events()] == ["a", "b", "d"]
    refused = zone.quarantine()
    assert [(line, reason, len(raw)) for _, line, reason, raw in refused] == [
        (3, "line_too_long", 65_536),
        (4, "line_too_long", 65_536),
    ]
    assert refused[1][3] == b"y" * 65_536


def test_compressed_files_are_taken_in_like_plain_ones(zone):
    content = lines(event("a"), b"", b"{", event("b"))
    zone.deliver(DAY, "a.ndjson", content.replace(b"op-", b"plain-"))
    zone.deliver(DAY, "b.ndjson.gz", gzip.compress(content[:50]) + gzip.compress(content[50:]))
    zone.deliver(DAY, "c.jsonl.zst", zstandard.compress(content.replace(b'"a"', b'"c"')))
    zone.take_in(DAY)
    assert places(zone) == {"a": f"{DAY}/a.ndjson", "b": f"{DAY}/a.ndjson", "c": f"{DAY}/c.jsonl.zst"}
    assert zone.counts(f"canonical/{DAY}/b.ndjson.gz") == {"lines": 4, "blank": 1, "records": 3, "duplicate": 2, "quarantined": 1}
    assert not list(zone.scratch.glob("intake"))


# --- Ledger -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", {}, id="an empty file is a delivery of nothing"),
        pytest.param(b"\n", {"lines": 1, "blank": 1}, id="a line end is a blank line"),
        pytest.param(b"\n \t\r\n\t", {"lines": 3, "blank": 3}, id="blank lines only"),
        pytest.param(MARK, {"lines": 1, "blank": 1}, id="a byte order mark only"),
        pytest.param(lines(event("a")), {"lines": 1, "records": 1, "accepted": 1}, id="one event"),
        pytest.param(event("a"), {"lines": 1, "records": 1, "accepted": 1}, id="one event without a line end"),
        pytest.param(
            lines(event("a"), event("b"), event("a")), {"lines": 3, "records": 3, "accepted": 2, "duplicate": 1}, id="a duplicate"
        ),
        pytest.param(lines(b"{}", b"x"), {"lines": 2, "records": 2, "quarantined": 2}, id="nothing but refusals"),
        pytest.param(
            lines(b"{}", b"", event("a"), event("a"), b"\x0b", b" ", event("b", node_count="1")),
            {"lines": 7, "blank": 2, "records": 5, "accepted": 1, "duplicate": 1, "quarantined": 3},
            id="something of everything",
        ),
    ],
)
def test_the_ledger_accounts_for_every_line(zone, content, expected):
    zone.deliver(DAY, "a.ndjson", content)
    zone.take_in(DAY)
    assert zone.counts(f"canonical/{DAY}/a.ndjson") == expected
    assert zone.files() == {f"canonical/{DAY}/a.ndjson": "taken_in"}


def test_an_event_with_another_content_under_the_same_identity_is_a_duplicate(zone):
    zone.deliver(DAY, "a.ndjson", lines(event("a", region="first"), event("a", region="second"), event("a", source="/other")))
    zone.take_in(DAY)
    assert [(row.event.source, row.event.region) for row in zone.events()] == [("/fleet", "first"), ("/other", None)]


def test_what_reads_alike_without_its_separator_is_not_the_same_identity(zone):
    zone.deliver(DAY, "a.ndjson", lines(event("bc", source="a"), event("c", source="ab"), event("b\x00c", source="a")))
    zone.take_in(DAY)
    assert len(zone.events()) == 3


def test_a_duplicate_among_lines_that_took_the_strict_way_is_found(zone):
    # `{ }` as a value is on the list of what a lenient reader may take wrongly, so its line is read twice.
    strict = event("a").replace(b"}}", b',"x":{ }}}')
    zone.deliver(DAY, "a.ndjson", lines(strict, event("a"), event("b"), strict.replace(b'"a"', b'"b"')))
    zone.take_in(DAY)
    assert places(zone) == {"a": f"{DAY}/a.ndjson", "b": f"{DAY}/a.ndjson"}


def test_lines_keep_their_numbers_in_each_of_several_files_of_a_day(zone):
    zone.deliver(DAY, "a.ndjson", lines(b"", event("a1"), b"\x0c", event("a2"), b"x", event("a3", error_message=" nano")))
    zone.deliver(DAY, "b.ndjson", lines(b"", b" ", b"\t"))
    zone.deliver(DAY, "c.ndjson", MARK + lines(b"\x0b", event("a2"), event("c1"), b"", event("c2"), end=b"\r\n"))
    zone.deliver(DAY, "d.ndjson", b"")
    zone.deliver(DAY, "e.ndjson", lines(event("e1"), b'{"a":1,}', event("e2")))
    zone.take_in(DAY)
    assert places(zone) == {
        "a1": f"{DAY}/a.ndjson", "a2": f"{DAY}/a.ndjson", "a3": f"{DAY}/a.ndjson",
        "c1": f"{DAY}/c.ndjson", "c2": f"{DAY}/c.ndjson", "e1": f"{DAY}/e.ndjson", "e2": f"{DAY}/e.ndjson",
    }  # fmt: skip
    assert [(path[-8:], line) for path, line, _, _ in zone.quarantine()] == [
        ("a.ndjson", 3), ("a.ndjson", 5), ("c.ndjson", 1), ("e.ndjson", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["[a]*?{b}.ndjson", "a'b\"c;--.ndjson", "a b\n.ndjson", "ä🚀.ndjson", "-rf.ndjson", "%s$1\\.ndjson", "a.ndjson.ndjson"],
)
def test_a_file_of_any_name_is_taken_in_as_itself(zone, name):
    zone.deliver(DAY, "a.ndjson", lines(event("other")))
    zone.deliver(DAY, name, lines(event("a"), b"", b"x"))
    zone.take_in(DAY)
    assert [row.path for row in zone.events() if row.event.id == "a"] == [f"canonical/{DAY}/{name}"]
    assert [row[0] for row in zone.quarantine()] == [f"canonical/{DAY}/{name}"]


def test_a_home_with_glob_characters_and_quotes_in_its_name_is_read(zone):
    zone = type(zone)(zone.root / "[prod]*'\"{x}")
    zone.deliver(DAY, "a.ndjson", lines(event("a"), b""))
    zone.deliver(DAY, "b.ndjson.gz", gzip.compress(lines(event("b"))))
    zone.take_in(DAY)
    assert sorted(places(zone)) == ["a", "b"]


def test_a_time_is_judged_by_the_day_of_its_own_delivery(zone):
    content = event("a", time="2026-11-20T12:00:00Z")
    zone.deliver(day(10), "a.ndjson", lines(content))
    zone.deliver(day(18), "a.ndjson", lines(content, b""))
    zone.take_in(DAY)
    assert [(path, reason) for path, _, reason, _ in zone.quarantine()] == [
        ("canonical/2026-11-10/a.ndjson", "time_out_of_range")
    ]
    assert places(zone) == {"a": "2026-11-18/a.ndjson"}


# --- The first delivery counts ------------------------------------------------------------------------------------------------


def test_the_same_bytes_under_another_name_or_day_are_a_redelivery_that_adds_nothing(zone):
    content = lines(event("a"), b"x", b"")
    zone.deliver(day(2), "b.ndjson", content)
    zone.deliver(day(2), "c.json", content)
    zone.deliver(day(3), "a.ndjson", content)
    zone.deliver(day(3), "d.ndjson", content, source="openshift_clusterversion")
    zone.take_in(day(3))
    assert zone.files() == {
        "canonical/2026-11-02/b.ndjson": "taken_in",
        "canonical/2026-11-02/c.json": "redelivered",
        "canonical/2026-11-03/a.ndjson": "redelivered",
        "openshift_clusterversion/2026-11-03/d.ndjson": "redelivered",
    }
    assert zone.counts("canonical/2026-11-03/a.ndjson") == {}
    assert places(zone) == {"a": "2026-11-02/b.ndjson"}
    assert len(zone.quarantine()) == 1


def test_duplicates_are_found_across_files_and_days(zone):
    zone.deliver(day(2), "a.ndjson", lines(event("a"), event("b")))
    zone.deliver(day(2), "b.ndjson", lines(event("b"), event("c")))
    zone.deliver(day(3), "a.ndjson", lines(event("d"), event("c"), event("a")))
    zone.take_in(day(3))
    assert places(zone) == {
        "a": "2026-11-02/a.ndjson", "b": "2026-11-02/a.ndjson", "c": "2026-11-02/b.ndjson", "d": "2026-11-03/a.ndjson",
    }  # fmt: skip
    assert zone.counts("canonical/2026-11-03/a.ndjson") == {"lines": 3, "records": 3, "accepted": 1, "duplicate": 2}


LATE = {
    "in an old day": [(day(3), "a.ndjson", "x y"), (day(4), "a.ndjson", "y z"), (day(2), "a.ndjson", "y")],
    "in an old day that has files": [(day(2), "b.ndjson", "w"), (day(3), "a.ndjson", "x y"), (day(2), "a.ndjson", "y w")],
    "on the same day under an earlier path": [(day(3), "b.ndjson", "x y"), (day(3), "a.ndjson", "y z")],
    "on the same day under a later path": [(day(3), "a.ndjson", "x y"), (day(3), "b.ndjson", "y z")],
    "with the same content in an old day": [(day(3), "a.ndjson", "x y"), (day(4), "a.ndjson", "z"), (day(2), "q.ndjson", "x y")],
    "with the same content under an earlier path": [(day(3), "b.ndjson", "x y"), (day(3), "a.ndjson", "x y")],
    "with the same content later": [(day(2), "b.ndjson", "x y"), (day(3), "a.ndjson", "x y")],
    "in an old day with nothing known": [(day(3), "a.ndjson", "x"), (day(2), "a.ndjson", "y")],
    "before the first of several deliveries of its content": [
        (day(4), "a.ndjson", "x"), (day(5), "a.ndjson", "x y"), (day(5), "b.ndjson", "x"), (day(3), "a.ndjson", "x y"),
    ],
    "in another source": [(day(3), "b.ndjson", "x"), (day(3), "a.ndjson", "y x")],
}  # fmt: skip


@pytest.mark.parametrize("deliveries", LATE.values(), ids=LATE.keys())
def test_the_original_is_the_first_delivery_whichever_was_processed_first(new_zone, deliveries):
    step_by_step, at_once = new_zone(), new_zone()
    for delivery_day, name, identities in deliveries:
        content = lines(*(event(identity) for identity in identities.split()), b"x")
        step_by_step.deliver(delivery_day, name, content)
        step_by_step.take_in(day(9))
        at_once.deliver(delivery_day, name, content)
    at_once.take_in(day(9))
    assert places(step_by_step) == places(at_once)
    assert without_stamps(step_by_step) == without_stamps(at_once)


def without_stamps(zone) -> dict[str, Any]:
    """The zone's state but for the stamps of its files, which differ between copies."""
    rows = zone.query("SELECT * EXCLUDE (file_id, stamp) FROM telemetry.files ORDER BY delivery_day, path")
    return {**zone.state(), "files": rows}


def test_a_late_file_that_comes_first_restates_its_day_and_says_so(zone):
    zone.deliver(day(3), "a.ndjson", lines(event("x")))
    zone.take_in(day(3))
    zone.deliver(day(2), "b.ndjson", lines(event("x"), event("y")))
    run = zone.take_in(day(3))
    assert run.restated == (
        "landing/canonical/2026-11-02/b.ndjson holds what was taken in from a later delivery; its day is taken in anew.",
    )
    assert run.days == (day(2), day(3))
    assert places(zone) == {"x": "2026-11-02/b.ndjson", "y": "2026-11-02/b.ndjson"}
    assert zone.counts("canonical/2026-11-03/a.ndjson") == {"lines": 1, "records": 1, "duplicate": 1}


def test_a_late_file_that_holds_nothing_known_restates_nothing(zone):
    zone.deliver(day(3), "a.ndjson", lines(event("x")))
    zone.take_in(day(3))
    zone.deliver(day(2), "b.ndjson", lines(event("y")))
    run = zone.take_in(day(3))
    assert (run.restated, run.days) == ((), (day(2),))


def test_deliveries_after_the_last_day_wanted_are_not_looked_at(zone):
    zone.deliver(day(2), "a.ndjson", lines(event("x")))
    zone.deliver(day(3), "a.ndjson", lines(event("y")))
    assert zone.take_in(day(2)).days == (day(2),)
    assert list(places(zone)) == ["x"]


def test_taking_in_an_old_day_does_not_disturb_what_later_days_brought(zone):
    zone.deliver(day(2), "a.ndjson", lines(event("x")))
    zone.deliver(day(3), "a.ndjson", lines(event("y")))
    zone.take_in(day(3))
    before = zone.state()
    assert zone.take_in(day(2)).days == ()
    assert zone.state() == before


# --- Files that change --------------------------------------------------------------------------------------------------------


class TestFilesThatDoNotStay:
    """A landing file that changes or goes is reported, and its day and all later ones are what a rebuild would make them."""

    @pytest.fixture
    def taken(self, zone):
        zone.deliver(day(2), "a.ndjson", lines(event("x"), b"x"))
        zone.deliver(day(3), "a.ndjson", lines(event("x"), event("y"), b""))
        zone.deliver(day(4), "a.ndjson", lines(event("x"), b"x"))
        zone.take_in(day(4))
        assert places(zone) == {"x": "2026-11-02/a.ndjson", "y": "2026-11-03/a.ndjson"}
        assert zone.files()["canonical/2026-11-04/a.ndjson"] == "redelivered"
        return zone

    def as_rebuilt(self, zone, new_zone) -> None:
        rebuilt = new_zone()
        shutil.copytree(zone.landing, rebuilt.landing)
        rebuilt.take_in(day(4))
        assert without_stamps(zone) == without_stamps(rebuilt)

    def test_nothing_changes_when_nothing_changed(self, taken):
        before = taken.state()
        run = taken.take_in(day(4))
        assert (run.days, run.files, run.restated, run.failed) == ((), 0, (), ())
        assert taken.state() == before

    def test_of_a_file_that_is_gone_the_later_copy_becomes_the_original(self, taken, new_zone):
        taken.place(day(2), "a.ndjson").unlink()
        run = taken.take_in(day(4))
        assert run.restated == ("landing/canonical/2026-11-02/a.ndjson is gone since it was taken in; its day is taken in anew.",)
        assert places(taken) == {"x": "2026-11-03/a.ndjson", "y": "2026-11-03/a.ndjson"}
        assert taken.files() == {"canonical/2026-11-03/a.ndjson": "taken_in", "canonical/2026-11-04/a.ndjson": "taken_in"}
        self.as_rebuilt(taken, new_zone)

    def test_a_redelivery_that_is_gone_leaves_the_original(self, taken, new_zone):
        taken.place(day(4), "a.ndjson").unlink()
        assert len(taken.take_in(day(4)).restated) == 1
        self.as_rebuilt(taken, new_zone)

    def test_a_file_that_changed_gives_what_it_now_holds(self, taken, new_zone):
        taken.deliver(day(2), "a.ndjson", lines(event("z"), b"y"))
        run = taken.take_in(day(4))
        assert run.restated == ("landing/canonical/2026-11-02/a.ndjson changed since it was taken in; its day is taken in anew.",)
        assert places(taken) == {"z": "2026-11-02/a.ndjson", "x": "2026-11-03/a.ndjson", "y": "2026-11-03/a.ndjson"}
        assert [(path, raw) for path, _, _, raw in taken.quarantine()] == [
            ("canonical/2026-11-02/a.ndjson", b"y"),
            ("canonical/2026-11-04/a.ndjson", b"x"),
        ]
        self.as_rebuilt(taken, new_zone)

    def test_a_file_that_changed_back_gives_what_it_held_at_first(self, taken):
        before = without_stamps(taken)
        content = taken.place(day(2), "a.ndjson").read_bytes()
        taken.deliver(day(2), "a.ndjson", lines(event("z")))
        taken.take_in(day(4))
        taken.deliver(day(2), "a.ndjson", content)
        assert len(taken.take_in(day(4)).restated) == 1
        assert without_stamps(taken) == before

    def test_a_file_written_again_with_the_same_content_is_no_change_and_is_hashed_once(self, taken):
        before = without_stamps(taken)
        file = taken.place(day(2), "a.ndjson")
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)
        stamps = "SELECT stamp FROM telemetry.files WHERE delivery_day = '2026-11-02'"
        old = taken.query(stamps)
        assert taken.take_in(day(4)).restated == ()
        assert without_stamps(taken) == before
        assert taken.query(stamps) != old

    def test_a_file_that_was_renamed_is_gone_and_delivered(self, taken, new_zone):
        taken.place(day(2), "a.ndjson").rename(taken.place(day(2), "b.ndjson"))
        taken.take_in(day(4))
        assert taken.files()["canonical/2026-11-02/b.ndjson"] == "taken_in"
        self.as_rebuilt(taken, new_zone)

    def test_a_file_that_became_a_link_to_the_outside_is_no_longer_read(self, taken, tmp_path):
        (tmp_path / "secret").write_bytes(lines(event("secret")))
        file = taken.place(day(2), "a.ndjson")
        file.unlink()
        file.symlink_to(tmp_path / "secret")
        run = taken.take_in(day(4))
        assert taken.files()["canonical/2026-11-02/a.ndjson"] == "failed"
        assert "leads outside" in run.failed[0]
        assert places(taken) == {"x": "2026-11-03/a.ndjson", "y": "2026-11-03/a.ndjson"}

    def test_a_change_after_the_last_day_wanted_waits(self, taken):
        taken.deliver(day(4), "a.ndjson", lines(event("z")))
        assert taken.take_in(day(3)).restated == ()
        assert "z" not in places(taken)
        assert len(taken.take_in(day(4)).restated) == 1
        assert "z" in places(taken)

    def test_the_whole_landing_zone_may_be_gone(self, taken):
        shutil.rmtree(taken.landing)
        assert len(taken.take_in(day(4)).restated) == 3
        assert (taken.events(), taken.quarantine(), taken.files()) == ([], [], {})

    def test_restating_an_old_day_without_the_later_ones_forgets_them_until_they_are_wanted(self, taken, new_zone):
        taken.deliver(day(2), "a.ndjson", lines(event("y")))
        taken.take_in(day(2))
        assert places(taken) == {"y": "2026-11-02/a.ndjson"}
        taken.take_in(day(4))
        self.as_rebuilt(taken, new_zone)


def test_a_day_of_more_files_than_a_process_may_open_is_taken_in(zone):
    for number in range(150):
        zone.deliver(day(2), f"{number:03}.ndjson", lines(event(f"e{number}"), event("again"), b"x"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 100, hard))
    try:
        zone.take_in(day(2))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(zone.events()) == 151
    assert places(zone)["again"] == "2026-11-02/000.ndjson"


@pytest.mark.parametrize("at_once", [1, 2, 3, 64])
def test_files_that_are_read_together_come_to_what_each_comes_to(zone, monkeypatch, at_once):
    monkeypatch.setattr(intake, "_FILES_AT_ONCE", at_once)
    files = {
        "a.ndjson": lines(event("a1"), b"", event("a2", region=1), event("a3")),
        "b.ndjson": b"",
        "c.ndjson": MARK + lines(b"\x0b", event("a1"), event("c1"), end=b"\r\n"),
        "d.ndjson": lines(b" ", event("d1"), b'{"a":1,}', event("a3")),
        "e.ndjson": lines(event("e1")),
    }
    assert_taken_in_strictly(zone, files)


class TestFilesThatCannotBeRead:
    """They are in the ledger with the reason, are tried again by every run, and nothing of them stays."""

    broken = gzip.compress(lines(event("a"), event("b"), b"x"))[:-9]

    def test_the_others_of_the_day_are_taken_in(self, zone):
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.deliver(day(2), "b.ndjson", lines(event("a")))
        run = zone.take_in(day(2))
        assert zone.files() == {"canonical/2026-11-02/a.ndjson.gz": "failed", "canonical/2026-11-02/b.ndjson": "taken_in"}
        assert zone.counts("canonical/2026-11-02/a.ndjson.gz") == {}
        assert places(zone) == {"a": "2026-11-02/b.ndjson"}
        assert zone.quarantine() == []
        [message] = run.failed
        assert message.startswith("landing/canonical/2026-11-02/a.ndjson.gz: it is no complete gzip stream")
        assert message.endswith("Deliver it again.")

    def test_each_run_tries_again_and_a_mended_file_counts_from_its_own_place(self, zone):
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.deliver(day(3), "a.ndjson", lines(event("a"), b"y"))
        zone.take_in(day(3))
        again = zone.take_in(day(3))
        assert (again.days, len(again.failed)) == ((day(2),), 1)
        assert zone.files()["canonical/2026-11-02/a.ndjson.gz"] == "failed"
        zone.deliver(day(2), "a.ndjson.gz", gzip.compress(lines(event("a"), event("b"), b"x")))
        assert zone.take_in(day(3)).failed == ()
        assert places(zone) == {"a": "2026-11-02/a.ndjson.gz", "b": "2026-11-02/a.ndjson.gz"}
        assert zone.counts("canonical/2026-11-03/a.ndjson") == {"lines": 2, "records": 2, "duplicate": 1, "quarantined": 1}

    def test_one_that_is_gone_is_forgotten(self, zone):
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.deliver(day(2), "b.ndjson", lines(event("a")))
        zone.take_in(day(2))
        zone.place(day(2), "a.ndjson.gz").unlink()
        run = zone.take_in(day(2))
        assert (run.restated, run.failed) == ((), ())
        assert zone.files() == {"canonical/2026-11-02/b.ndjson": "taken_in"}

    def test_one_that_has_too_many_lines_leaves_those_alone_that_are_read_with_it(self, zone, monkeypatch):
        monkeypatch.setattr("assets.telemetry.lines.LINES_LIMIT", 5)
        zone.deliver(day(2), "a.ndjson", lines(event("a")))
        zone.deliver(day(2), "b.ndjson", b"\n" * 6)
        zone.deliver(day(2), "c.ndjson", b"\n" * 6 + b"x" * (LINE_LIMIT + 1))  # which takes the way of a copy
        zone.deliver(day(2), "d.ndjson", lines(event("d")))
        zone.take_in(day(2))
        assert [status for _, status in sorted(zone.files().items())] == ["taken_in", "failed", "failed", "taken_in"]
        assert "it has more than 5 lines" in zone.error("canonical/2026-11-02/c.ndjson")
        assert places(zone) == {"a": "2026-11-02/a.ndjson", "d": "2026-11-02/d.ndjson"}

    def test_two_with_the_same_bytes_both_fail(self, zone):
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.deliver(day(3), "a.ndjson.gz", self.broken)
        zone.take_in(day(3))
        assert set(zone.files().values()) == {"failed"}

    def test_one_stays_in_the_ledger_when_the_run_that_tries_it_again_is_killed(self, zone):
        # It was forgotten before it was tried again; a run killed in between left a ledger that no longer blocked the report.
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.take_in(day(2))

        def stop(_day: date, _done: int, _due: int) -> None:
            raise Accident

        with pytest.raises(Accident):
            zone.take_in(day(2), progress=stop)
        assert zone.files() == {"canonical/2026-11-02/a.ndjson.gz": "failed"}

    def test_one_of_a_later_day_is_not_what_a_run_for_an_earlier_day_speaks_of(self, zone):
        zone.deliver(day(2), "a.ndjson", lines(event("a")))
        zone.deliver(day(3), "a.ndjson.gz", self.broken)
        assert len(zone.take_in(day(3)).failed) == 1
        assert zone.take_in(day(2)).failed == ()

    def test_an_error_of_the_machine_is_not_taken_for_the_files(self, zone):
        # "Mend it, or move it out of the landing zone" was said of every good file when the scratch folder could not be written.
        zone.deliver(day(2), "a.ndjson", lines(event("a")))
        (zone.scratch / "intake").write_bytes(b"in the way of the folder of this name")
        with pytest.raises(FileExistsError):
            zone.take_in(day(2))
        assert zone.files() == {}

    def test_one_stands_in_the_ledger_once_when_another_day_is_taken_in_anew(self, zone):
        # The day of the broken file was done when a later one started over, and its file was then recorded a second time.
        zone.deliver(day(4), "a.ndjson", lines(event("x")))
        zone.take_in(day(4))
        zone.deliver(day(2), "a.ndjson.gz", self.broken)
        zone.deliver(day(3), "a.ndjson", lines(event("x"), event("y")))
        run = zone.take_in(day(4))
        assert len(run.restated) == 1
        assert zone.files() == {
            "canonical/2026-11-02/a.ndjson.gz": "failed",
            "canonical/2026-11-03/a.ndjson": "taken_in",
            "canonical/2026-11-04/a.ndjson": "taken_in",
        }
        assert len(run.failed) == 1

    @pytest.mark.parametrize(
        ("name", "make", "message"),
        [
            pytest.param(
                "a.ndjson", lambda place: place.symlink_to("/etc/hostname"), "leads outside", id="a link to the outside"
            ),
            pytest.param("a.ndjson", os.mkfifo, "named pipe", id="a named pipe"),
            pytest.param("a.csv", lambda place: place.write_bytes(lines(event("z"))), "its name is none of", id="another suffix"),
            pytest.param("a.ndjson", lambda place: place.mkdir(), "it is a folder", id="a folder"),
            pytest.param(
                "a.ndjson.zst", lambda place: place.write_bytes(b"x" * 50), "no zstd stream", id="something else called zstd"
            ),
            pytest.param(
                "\udcff.ndjson", lambda place: place.write_bytes(lines(event("z"))), "not UTF-8", id="a name that is not UTF-8"
            ),
        ],
    )
    def test_what_cannot_be_read_is_named_with_the_reason(self, zone, name, make, message):
        zone.deliver(day(2), "b.ndjson", lines(event("a")))
        make(zone.place(day(2), name))
        run = zone.take_in(day(2))
        assert message in run.failed[0]
        assert sorted(zone.files().values()) == ["failed", "taken_in"]
        assert list(places(zone)) == ["a"]

    def test_a_file_that_expands_too_far_is_named_with_the_limits(self, zone, monkeypatch):
        monkeypatch.setattr("assets.telemetry.lines.EXPANSION_LIMIT_BYTES", 100_000)
        zone.deliver(day(2), "a.ndjson.gz", gzip.compress(b"\n" * 1_000_000))
        assert "expands past" in zone.take_in(day(2)).failed[0]
        assert not list(zone.scratch.glob("intake"))


def test_names_that_begin_with_a_dot_are_no_deliveries(zone):
    zone.deliver(DAY, ".a.ndjson", lines(event("a")))
    assert zone.take_in(DAY).days == ()
    assert zone.files() == {}


@pytest.mark.parametrize(("source", "folder"), [("unheard_of", "2026-11-20"), ("canonical", "20261120")])
def test_a_landing_zone_that_cannot_be_understood_is_an_error_before_anything_is_taken_in(zone, source, folder):
    zone.deliver(DAY, "a.ndjson", lines(event("a")))
    (zone.landing / source / folder).mkdir(parents=True)
    with pytest.raises(LandingError, match=f"landing/{source}"):
        zone.take_in(DAY)
    assert zone.events() == []


# --- Order of processing ------------------------------------------------------------------------------------------------------

POOL = [
    *(event(f"e{number}") for number in range(6)),
    event("e1", region="other"),
    event("e2", source="/other"),
    event("e3").replace(b"}}", b',"x":{ }}}'),
    *(b"x", b"{}", b"", b"\x0b"),
]
DELIVERIES = st.dictionaries(
    keys=st.tuples(st.integers(2, 5), st.sampled_from(["a.ndjson", "b.ndjson", "c.ndjson.gz"])),
    values=st.lists(st.sampled_from(POOL), max_size=5),
    min_size=1,
    max_size=7,
)


def write(zone, place: tuple[int, str], each: list[bytes]) -> None:
    number, name = place
    content = lines(*each)
    zone.deliver(day(number), name, gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_order_in_which_deliveries_are_processed_does_not_matter(new_zone, data):
    deliveries = data.draw(DELIVERIES)
    at_once = new_zone()
    for place, each in deliveries.items():
        write(at_once, place, each)
    at_once.take_in(day(9))
    expected = without_stamps(at_once)

    in_order = (
        (f"canonical/{day(number)}/{name}", day(number), lines(*each)) for (number, name), each in sorted(deliveries.items())
    )
    events, _ = strictly(in_order)
    assert {(row.event.source, row.event.id): row.path for row in at_once.events()} == {
        (found.source, found.id): path for path, found in events
    }

    in_another_order = new_zone()
    for place in data.draw(st.permutations(sorted(deliveries))):
        write(in_another_order, place, deliveries[place])
        if data.draw(st.booleans()):
            in_another_order.take_in(day(data.draw(st.integers(2, 9))))
    in_another_order.take_in(day(9))
    assert without_stamps(in_another_order) == expected
    in_another_order.take_in(day(9))
    assert without_stamps(in_another_order) == expected


def without_places(zone) -> dict[str, Any]:
    """What was accepted and refused, wherever it was delivered."""
    return {
        "accepted": Counter((row.event.source, row.event.id) for row in zone.events()),
        "refused": Counter((reason, raw) for _, _, reason, raw in zone.quarantine()),
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=12), st.data())
def test_a_batch_split_in_two_accepts_and_refuses_the_same(new_zone, each, data):
    cut = data.draw(st.integers(0, len(each)))
    whole, parts = new_zone(), new_zone()
    write(whole, (2, "a.ndjson"), each)
    write(parts, (2, "a.ndjson"), [*each[:cut], b" "])
    write(parts, (data.draw(st.integers(2, 3)), "b.ndjson"), each[cut:])
    for zone in (whole, parts):
        zone.take_in(day(3))
    assert without_places(parts) == without_places(whole)


# --- Provider sources ---------------------------------------------------------------------------------------------------------

CLUSTER = "c0ffee00-0000-4000-8000-000000000001"


def cluster_version(
    *history: tuple[str, str, str | None], collected_at: str = "2026-11-20T06:00:00Z", **spec: Any
) -> dict[str, Any]:
    """A ClusterVersion object; each entry of its history is a version, a start and, when it was completed, an end."""
    return {
        "kind": "ClusterVersion",
        "collected_at": collected_at,
        "spec": {"clusterID": CLUSTER, **spec},
        "status": {
            "history": [
                {"state": "Completed" if end else "Partial", "version": version, "startedTime": start, "completionTime": end}
                for version, start, end in history
            ]
        },
    }


INSTALLED = ("4.16.1", "2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z")
UPGRADED = ("4.16.2", "2026-11-10T08:00:00Z", "2026-11-10T09:00:00Z")
UNDER_WAY = ("4.16.3", "2026-11-20T05:00:00Z", None)
REFUSED = {**cluster_version(INSTALLED, clusterID=1), "user": "someone", "note": "ask someone@example.com"}


class TestProviderSources:
    """Records of providers are lines or parts of documents; one record may give several events, or be no upgrade at all."""

    def records(self) -> list[dict[str, Any]]:
        return [
            cluster_version(INSTALLED),
            cluster_version(UPGRADED, INSTALLED),
            cluster_version(UNDER_WAY, UPGRADED, INSTALLED),
            cluster_version(UPGRADED, INSTALLED),
            {"kind": "Infrastructure", "clusterID": "0b1c"},
            REFUSED,
        ]

    def check(self, zone, path: str) -> None:
        # The upgrade gives a start and an end; the third record adds only the start of the next one.
        kinds = zone.query("SELECT record, type, to_version FROM telemetry.events ORDER BY ALL")
        assert kinds == [(2, "started", "4.16.2"), (2, "succeeded", "4.16.2"), (3, "started", "4.16.3")]
        counts = zone.counts(path)
        assert {name: counts.get(name, 0) for name in ("records", "accepted", "duplicate", "quarantined", "not_an_upgrade")} == {
            "records": 6, "accepted": 2, "duplicate": 1, "quarantined": 1, "not_an_upgrade": 2,
        }  # fmt: skip
        assert zone.query("SELECT events FROM telemetry.files") == [(3,)]
        assert zone.query("SELECT line, class FROM telemetry.not_upgrades ORDER BY line") == [
            (1, "install"),
            (5, "infrastructure"),
        ]
        [(refused_path, line, reason, raw)] = zone.quarantine()
        assert (refused_path, line, reason) == (path, 6, "invalid_type:spec.clusterID")
        assert json.loads(raw)["spec"] == {"clusterID": 1}
        assert b"someone" not in raw

    def test_lines_are_records_and_blank_lines_count(self, zone):
        content = lines(*(json.dumps(record).encode() for record in self.records()), b"", b" ")
        zone.deliver(DAY, "a.ndjson", content, source="openshift_clusterversion")
        zone.take_in(DAY)
        path = f"openshift_clusterversion/{DAY}/a.ndjson"
        self.check(zone, path)
        assert (zone.counts(path)["lines"], zone.counts(path)["blank"]) == (8, 2)

    @pytest.mark.parametrize("packing", ["", ".gz"])
    def test_a_document_is_its_records(self, zone, packing):
        content = json.dumps({"items": self.records()}, indent=1).encode()
        content = gzip.compress(content) if packing else content
        zone.deliver(DAY, f"a.json{packing}", content, source="openshift_clusterversion")
        zone.take_in(DAY)
        self.check(zone, f"openshift_clusterversion/{DAY}/a.json{packing}")

    @pytest.mark.parametrize("name", ["a.yaml", "a.yml.gz", "a.yaml.zst"])
    def test_yaml_is_its_documents_and_the_items_of_lists(self, zone, name):
        first, *others = map(json.dumps, self.records())  # JSON is YAML, too
        content = "\n- ".join([f"{first}\n---\nkind: List\nitems:", *others]).encode()
        packed = {"gz": gzip.compress, "zst": zstandard.compress}.get(name.rpartition(".")[2], bytes)(content)
        zone.deliver(DAY, name, packed, source="openshift_clusterversion")
        zone.take_in(DAY)
        self.check(zone, f"openshift_clusterversion/{DAY}/{name}")

    def test_records_that_share_a_line_are_counted_one_by_one_and_found_by_their_line(self, zone):
        first, second = self.records()[:3], self.records()[3:]
        content = lines(json.dumps({"records": first}).encode(), b"", b"[]", json.dumps(second).encode())
        zone.deliver(DAY, "a.ndjson", content, source="openshift_clusterversion")
        zone.take_in(DAY)
        path = f"openshift_clusterversion/{DAY}/a.ndjson"
        assert zone.query("SELECT DISTINCT record FROM telemetry.events ORDER BY ALL") == [(2,), (3,)]
        assert zone.counts(path) == {
            "lines": 4, "blank": 1, "records": 7, "accepted": 2, "duplicate": 1, "quarantined": 1, "not_an_upgrade": 3,
        }  # fmt: skip
        assert zone.query("SELECT line, class FROM telemetry.not_upgrades ORDER BY ALL") == [
            (1, "install"),
            (3, "empty"),
            (4, "infrastructure"),
        ]
        assert [line for _, line, _, _ in zone.quarantine()] == [4]

    def test_what_is_no_json_is_refused_by_line_or_from_where_a_document_breaks_off(self, zone):
        good = json.dumps(cluster_version(UPGRADED, INSTALLED)).encode()
        zone.deliver(DAY, "a.ndjson", lines(b'{"kind":1', b"\xff", b"5"), source="openshift_clusterversion")
        zone.deliver(DAY, "b.json", b'{"items": [' + good + b', {"user": "someone", "n": ', source="openshift_clusterversion")
        zone.deliver(DAY, "c.yaml", b"kind: [", source="openshift_clusterversion")
        zone.take_in(DAY)
        assert [(path[-8:], *refusal) for path, *refusal in zone.quarantine()] == [
            ("a.ndjson", 1, "invalid_json", b'{"kind":1'),
            ("a.ndjson", 2, "invalid_utf8", b"\xff"),
            ("a.ndjson", 3, "not_an_object", b"5"),
            ("0/b.json", 2, "invalid_json", b' {"user": "<dropped>", "n": '),
            ("0/c.yaml", 1, "invalid_yaml", b"kind: ["),
        ]
        assert [row.event.to_version for row in zone.events()] == ["4.16.2", "4.16.2"]

    @pytest.mark.parametrize("limits", [{"_BATCH_ROWS": 2}, {"_BATCH_BYTES": 1}], ids=["by rows", "by bytes"])
    def test_what_is_written_a_few_rows_at_a_time_is_all_there(self, zone, monkeypatch, limits):
        for name, value in limits.items():
            monkeypatch.setattr(reading, name, value)
        content = json.dumps(self.records()).encode()
        zone.deliver(DAY, "a.json", content, source="openshift_clusterversion")
        zone.take_in(DAY)
        self.check(zone, f"openshift_clusterversion/{DAY}/a.json")

    def test_a_history_that_is_delivered_again_every_day_adds_what_is_new(self, zone):
        deliveries = [
            (day(9), cluster_version(INSTALLED, collected_at="2026-11-09T06:00:00Z")),
            (day(11), cluster_version(UPGRADED, INSTALLED, collected_at="2026-11-11T06:00:00Z")),
            (day(12), cluster_version(UPGRADED, INSTALLED, collected_at="2026-11-12T06:00:00Z")),
        ]
        for delivery_day, record in reversed(deliveries):  # the last day first
            zone.deliver(delivery_day, "a.json", json.dumps(record).encode(), source="openshift_clusterversion")
            zone.take_in(DAY)
        assert {row.path for row in zone.events()} == {"openshift_clusterversion/2026-11-11/a.json"}
        assert zone.counts("openshift_clusterversion/2026-11-12/a.json")["duplicate"] == 1
        assert zone.counts("openshift_clusterversion/2026-11-09/a.json")["not_an_upgrade"] == 1


# --- The simulated fleet ------------------------------------------------------------------------------------------------------


def test_of_a_simulated_fleet_exactly_the_planted_lines_are_refused(zone):
    summary = simulate(
        landing=zone.landing,
        inventory=zone.root / "inventory" / "clusters.csv",
        incidents=zone.root / "simulation" / "incidents.json",
        end=DAY,
        days=6,
        operations_per_day=60,
    )
    assert zone.take_in(DAY).failed == ()
    planted = json.loads((zone.root / "simulation" / "malformed.json").read_text())
    assert Counter((path, line, reason) for path, line, reason, _ in zone.quarantine()) == Counter(
        (entry["path"], entry["line"], entry["reason"]) for entry in planted
    )
    assert len(planted) > 0
    assert zone.query("SELECT sum(lines), sum(events), count(*) FROM telemetry.files") == [
        (summary.lines, summary.events, summary.files)
    ]
    landing = sorted((path.parent.name, f"canonical/{path.parent.name}/{path.name}", path) for path in zone.landing.glob("*/*/*"))
    files = [(name, date.fromisoformat(delivery_day), expand(path)) for delivery_day, name, path in landing]
    events, _ = strictly(files)
    assert [(row.path, row.event) for row in zone.events()] == events


def expand(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    return zstandard.decompress(content) if path.suffix == ".zst" else content


# --- Accidents ----------------------------------------------------------------------------------------------------------------


class Accident(Exception):
    """Something that ends a run in the middle."""


class TestAccidents:
    """An interrupted run leaves whole days in the ledger, and the next run ends where it would have ended.

    Rows of the day at hand may be there without the ledger; then nothing goes on from them until the intake has run again.
    """

    @pytest.fixture(params=[1, 10**9], ids=["day by day", "together"])
    def delivered(self, reopened_zone, monkeypatch, request):
        monkeypatch.setattr(intake, "_BYTES_AT_ONCE", request.param)
        for number in (2, 3, 4):
            reopened_zone.deliver(day(number), "a.ndjson", lines(event(f"a{number}"), event("a2"), b"x"))
            reopened_zone.deliver(day(number), "b.ndjson", lines(event(f"b{number}"), event(f"a{number}"), b""))
        return reopened_zone

    @pytest.fixture
    def undisturbed(self, delivered, new_zone):
        zone = new_zone()
        shutil.copytree(delivered.landing, zone.landing)
        zone.take_in(day(4))
        return without_stamps(zone)

    def days(self, zone) -> list[date]:
        """The days that were taken in, each with everything it has."""
        of_file = (
            "SELECT DISTINCT delivery_day FROM telemetry.{} WHERE file_id IN (SELECT file_id FROM telemetry.files) ORDER BY ALL"
        )
        found = [zone.query(of_file.format(table)) for table in ("events", "quarantine", "files")]
        assert found[0] == found[1] == found[2]
        return [day for (day,) in found[0]]

    def assert_goes_on_only_when_finished(self, zone) -> None:
        [(unaccounted,)] = zone.query("SELECT count(*) FROM telemetry.events ANTI JOIN telemetry.files USING (file_id)")
        if unaccounted:
            with (
                zone.transaction() as db,
                pytest.raises(intake.IntakeUnfinished, match="interrupted; needed: all of them up to 2026-11-04"),
            ):
                intake.require_finished(db, upto=day(4))

    @pytest.mark.parametrize("delivered", [1], indirect=True)
    def test_between_two_days(self, delivered, undisturbed):
        def stop(at: date, done: int, due: int) -> None:
            assert due == 3
            if at == day(4):
                assert done == 2
                raise Accident

        with pytest.raises(Accident):
            delivered.take_in(day(4), progress=stop)
        assert self.days(delivered) == [day(2), day(3)]
        delivered.take_in(day(4))
        assert without_stamps(delivered) == undisturbed

    @pytest.mark.parametrize("share", [0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.99])
    def test_in_the_middle_of_a_day(self, delivered, undisturbed, new_zone, monkeypatch, share):
        statements = 0
        last_statement = 10**6
        read = intake.sql

        def counted(name: str) -> str:
            nonlocal statements
            statements += 1
            if statements > last_statement:
                raise Accident
            return read(name)

        monkeypatch.setattr(intake, "sql", counted)
        rehearsal = new_zone()
        shutil.copytree(delivered.landing, rehearsal.landing)
        rehearsal.take_in(day(4))
        statements, last_statement = 0, int(statements * share)
        with pytest.raises(Accident):
            delivered.take_in(day(4))
        monkeypatch.setattr(intake, "sql", read)
        assert self.days(delivered) in ([], [day(2)], [day(2), day(3)], [day(2), day(3), day(4)])
        self.assert_goes_on_only_when_finished(delivered)
        delivered.take_in(day(4))
        assert delivered.query("FROM telemetry.unfinished") == []
        assert without_stamps(delivered) == undisturbed

    def test_between_forgetting_a_day_and_taking_it_in_anew(self, delivered, undisturbed):
        content = delivered.place(day(2), "a.ndjson").read_bytes()
        delivered.take_in(day(4))
        delivered.deliver(day(2), "a.ndjson", lines(event("z")))

        def stop(_day: date, _done: int, _due: int) -> None:
            raise Accident

        with pytest.raises(Accident):
            delivered.take_in(day(4), progress=stop)
        assert delivered.files() == {}
        with delivered.transaction() as db, pytest.raises(intake.IntakeUnfinished, match="from 2026-11-02 on was interrupted"):
            intake.require_finished(db, upto=day(4))
        delivered.deliver(day(2), "a.ndjson", content)
        delivered.take_in(day(4))
        assert without_stamps(delivered) == undisturbed

    def test_what_a_killed_run_left_in_the_scratch_folder_is_in_nobodys_way(self, delivered, undisturbed):
        left = delivered.scratch / "intake"
        left.mkdir(parents=True)
        (left / "bulk.ndjson").write_bytes(lines(event("stale")))
        (left / "expanded").mkdir()
        delivered.take_in(day(4))
        assert without_stamps(delivered) == undisturbed


def test_progress_is_told_day_by_day(zone):
    for number in (2, 3):
        zone.deliver(day(number), "a.ndjson", lines(event(f"e{number}")))
    told = []
    run = zone.take_in(day(3), progress=lambda *each: told.append(each))
    assert told == [(day(2), 0, 2), (day(3), 1, 2)]
    assert (run.days, run.files) == ((day(2), day(3)), 2)


def test_operations_are_touched_when_events_of_days_already_folded_come_or_go(zone):
    zone.deliver(day(2), "a.ndjson", lines(event("x")))
    zone.take_in(day(2))
    assert zone.query("FROM telemetry.touched") == []
    zone.query(f"INSERT INTO upgrades.state VALUES ('{day(2)}', '')")
    zone.deliver(day(2) - timedelta(days=1), "a.ndjson", lines(event("late")))
    zone.take_in(day(2))
    [(late,)] = zone.query("SELECT thread_key FROM telemetry.events WHERE id = 'late'")
    assert zone.query("SELECT DISTINCT thread_key FROM telemetry.touched") == [(late,)]
