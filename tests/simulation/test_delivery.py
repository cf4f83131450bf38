"""Delivery as it is in life: late, twice, out of order, compressed or not, with other line ends."""

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assets.simulation import events


def test_every_day_has_a_few_files_of_the_accepted_kinds(home):
    files = [path.relative_to(home.folder / "landing") for path in (home.folder / "landing").rglob("*") if path.is_file()]
    per_day = Counter(path.parts[1] for path in files)
    assert all(path.parts[0] == "canonical" for path in files)
    assert len(per_day) == 60
    assert set(per_day.values()) == {3}
    kinds = Counter(path.name.partition(".")[2] for path in files)
    assert set(kinds) == {"ndjson", "ndjson.gz", "ndjson.zst"}
    assert kinds["ndjson"] > len(files) / 2


def test_files_differ_in_line_ends_byte_order_mark_and_last_line(home):
    contents = [path.read_bytes() for path in (home.folder / "landing").rglob("*.ndjson")]
    assert {b"\r\n" in content for content in contents} == {True, False}
    assert {content.startswith(b"\xef\xbb\xbf") for content in contents} == {True, False}
    assert {content.endswith(b"\n") for content in contents} == {True, False}


def test_lines_arrive_on_the_day_of_the_event_or_up_to_five_days_later(home):
    delays = {}
    for line, event in home.events:
        delay = (line.delivery_day - home.moment(event["time"]).date()).days
        delays.setdefault((event["source"], event["id"]), []).append(delay)
    first = Counter(min(of_one) for of_one in delays.values())
    assert min(first) == 0
    assert max(first) == 5
    assert first[0] / len(delays) == pytest.approx(0.972, abs=0.003)
    assert first[1] / len(delays) == pytest.approx(0.024, abs=0.003)


def test_an_event_that_a_slow_clock_stamps_the_day_before_is_delivered_all_the_same(tmp_path, run, read_lines, monkeypatch):
    """An end just after midnight, stamped before it, once fell between two days and was counted but never written."""
    chosen = events.read_constants("events", events.EventConstants)
    skewed = replace(chosen, clock_skew_ratio=1.0, clock_skew_seconds=7200)
    monkeypatch.setattr(events, "read_constants", lambda _name, _shape: skewed)
    summary = run(tmp_path, days=6, operations_per_day=400)
    lines = [line.content for line in read_lines(tmp_path / "landing") if b'"malformed-' not in line.content]
    written = {match[1] for line in lines if (match := re.search(rb'"id":"(op-\d+\.[a-z]+)","type"', line))}
    assert len(written) == summary.events


def test_no_line_is_delivered_after_the_last_day(home):
    assert max(line.delivery_day for line in home.lines) == home.summary.last_day


def test_no_good_event_is_more_than_48_hours_ahead_of_its_delivery(home):
    for line, event in home.events:
        day_end = datetime.combine(line.delivery_day, datetime.min.time(), tzinfo=UTC) + timedelta(days=1)
        assert home.moment(event["time"]) < day_end + timedelta(hours=48)


def test_one_line_in_a_hundred_is_a_copy_often_in_another_file_or_on_a_later_day(home):
    copies = defaultdict(list)
    for line, event in home.events:
        copies[event["source"], event["id"]].append(line)
    repeated = [lines for lines in copies.values() if len(lines) > 1]
    assert len(repeated) / len(copies) == pytest.approx(0.01, abs=0.001)
    assert all(len({line.content for line in lines}) == 1 for lines in repeated)
    assert sum(len({line.path for line in lines}) > 1 for lines in repeated) > len(repeated) / 4
    assert sum(len({line.delivery_day for line in lines}) > 1 for lines in repeated) > len(repeated) / 4


def test_lines_of_a_file_are_out_of_order(home):
    times = defaultdict(list)
    for line, event in home.events:
        times[line.path].append(home.moment(event["time"]))
    assert all(of_file != sorted(of_file) for of_file in times.values() if len(of_file) > 20)


def test_about_one_line_in_two_hundred_is_malformed_and_some_are_blank(home):
    assert len(home.malformed) / len(home.lines) == pytest.approx(0.005, rel=0.1)
    blank = {line.content for line in home.lines if not line.content.strip(b" \t")}
    assert blank == {b"", b" ", b"\t", b" \t "}


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(r"\d\dZ", id="whole seconds"),
        pytest.param(r"\d\d\.\d{3}Z", id="milliseconds"),
        pytest.param(r"\d\d\.\d{6}Z", id="microseconds"),
        pytest.param(r"\d\d\.\d{7}Z", id="tenths of a microsecond"),
        pytest.param(r"\d\d\+02:00", id="whole seconds in another zone"),
        pytest.param(r"\d\d\.\d{3}\+02:00", id="milliseconds in another zone"),
    ],
)
def test_moments_are_written_in_every_form(home, form):
    pattern = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:" + form)
    assert any(pattern.fullmatch(event["time"]) for _, event in home.events)


def test_a_few_events_say_when_somebody_saw_them(home):
    observed = [event for _, event in home.events if "observed_at" in event["data"]]
    assert len(observed) / len(home.events) == pytest.approx(0.01, abs=0.002)
    for event in observed:
        assert timedelta(0) < home.moment(event["data"]["observed_at"]) - home.moment(event["time"]) < timedelta(minutes=4)
