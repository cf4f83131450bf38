"""The canonical event: its fields, and the strict reading of one line (CloudEvents 1.0 JSON).

Belongs here: what makes a line an event, and the first reason for which it is not one.
Does not belong here: reading whole files fast (`assets/telemetry/bulk.py`, whose SQL agrees with this module line by line),
other wire formats (`assets/telemetry/sources/`).
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from assets.moments import end_of, start_of

TYPE_PREFIX = "dev.upgradeslo.operation."
TYPES = ("scheduled", "started", "succeeded", "failed", "cancelled", "superseded", "skipped")
SCOPES = ("control_plane", "node_pool", "node_image", "addon", "cluster")
TRIGGERS = ("manual", "auto_channel", "security", "maintenance", "forced_eol", "ci", "unknown")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longest line that is read, in bytes, and how much of a longer one the quarantine keeps.
LINE_LIMIT = 16 * 1024 * 1024
KEPT_OF_A_LONG_LINE = 64 * 1024
# Nesting that is read; deeper JSON is refused, whatever a parser could stand.
DEPTH_LIMIT = 1000
NODE_COUNT_LIMIT = 2**63 - 1

# The first public commit of Kubernetes: no upgrade is older.
EARLIEST = start_of(date(2014, 6, 6))
LATENESS_OF_CLOCKS = timedelta(hours=48)

_OPTIONAL_DATA = (
    "provider",
    "node_pool",
    "region",
    "from_version",
    "to_version",
    "trigger",
    "workload_type",
    "node_count",
    "error_code",
    "error_message",
    "upgrade_id",
    "observed_version",
    "api_features",
    "observed_at",
)
_REQUIRED_DATA = ("operation_id", "cluster_id", "scope")
_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?)(?:[Zz]|([+-])(\d{2}):(\d{2}))", re.ASCII)
_ESCAPES = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Event(NamedTuple):  # many become columns at once, which takes a data class four times as long
    """One fact about one operation. Moments are naive UTC to the microsecond; None is absence.

    `thread`: what it has to be folded with beyond its operation, within its cluster: the events of all sources that speak of the
    same upgrades. `flags`: bits of `assets.telemetry.flags.Flag`. Canonical events have neither.
    """

    id: str
    source: str
    type: str
    time: datetime
    observed_at: datetime
    operation_id: str
    cluster_id: str
    scope: str
    provider: str | None = None
    node_pool: str | None = None
    region: str | None = None
    from_version: str | None = None
    to_version: str | None = None
    trigger: str | None = None
    workload_type: str | None = None
    node_count: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    upgrade_id: str | None = None
    observed_version: str | None = None
    api_features: tuple[str, ...] | None = None
    thread: str | None = None
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is no event: a quarantine reason such as `missing_field:data.scope`."""

    reason: str


def read_line(line: bytes, *, delivery_day: date) -> Event | Refusal:
    """The event on one line (without its line end), or the first reason why there is none.

    Of a repeated key the first value counts; null and the empty string are absence; unknown keys are ignored.
    """
    document = parse_object(line)
    if isinstance(document, Refusal):
        return document
    data = document.get("data")
    problems = _Problems(document, data)
    reason = (
        problems.missing_field()
        or problems.invalid_type()
        or problems.invalid_value()
        or _time_problem(document["time"], delivery_day)
        or _envelope_problem(document)
    )
    if reason is not None:
        return Refusal(reason)
    assert isinstance(data, dict)
    time = parse_time(document["time"])
    assert time is not None
    given = {name: data[name] for name in _OPTIONAL_DATA if not _absent(data.get(name))}
    observed_at = parse_time(given.pop("observed_at")) if "observed_at" in given else time
    assert observed_at is not None
    if "api_features" in given:
        given["api_features"] = tuple(given["api_features"])
    return Event(
        id=document["id"],
        source=document["source"],
        type=document["type"].removeprefix(TYPE_PREFIX),
        time=time,
        observed_at=observed_at,
        **{name: data[name] for name in _REQUIRED_DATA},
        **given,
    )


def parse_object(line: bytes) -> dict[str, Any] | Refusal:
    """The JSON object on a line, or why there is none: too long, not UTF-8, not strict JSON, not an object."""
    if len(line) > LINE_LIMIT:
        return Refusal("line_too_long")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return Refusal("invalid_utf8")
    try:
        document = _parse(text)
    except (ValueError, RecursionError):
        return Refusal("invalid_json")
    return document if isinstance(document, dict) else Refusal("not_an_object")


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 moment as naive UTC, digits beyond microseconds cut off; None when it is not one."""
    try:
        if len(text) == 20 and text[4::3] == "--T::Z":  # as most are written; the pattern takes as long again
            return datetime.fromisoformat(text[:19])
        match = _RFC3339.fullmatch(text)
        if match is None:
            return None
        clock, sign, hours, minutes = match.groups()
        moment = datetime.fromisoformat(clock)
        if sign is None:
            return moment
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        return None


def time_is_in_range(moment: datetime, delivery_day: date) -> bool:
    """Whether an event of this moment can have been delivered on that day, clocks being up to 48 h off."""
    return EARLIEST <= moment <= _latest(delivery_day)


@lru_cache(maxsize=64)  # asked for every moment of a file, which has one day
def _latest(delivery_day: date) -> datetime:
    return end_of(delivery_day) + LATENESS_OF_CLOCKS


def _absent(value: object) -> bool:
    return value is None or value == ""


@dataclass(frozen=True, slots=True)
class _Problems:
    """The fields of one document, asked for the first that is missing, of the wrong type or of an impossible value."""

    document: dict[str, Any]
    data: Any

    def missing_field(self) -> str | None:
        for name in ("specversion", "id", "source", "type", "time", "data"):
            if _absent(self.document.get(name)):
                return f"missing_field:{name}"
        if isinstance(self.data, dict):
            for name in _REQUIRED_DATA:
                if _absent(self.data.get(name)):
                    return f"missing_field:data.{name}"
        return None

    def invalid_type(self) -> str | None:
        for name in ("specversion", "id", "source", "type", "time"):
            if not isinstance(self.document[name], str):
                return f"invalid_type:{name}"
        if not isinstance(self.data, dict):
            return "invalid_type:data"
        for name, value in self._given():
            if not _has_type(name, value):
                return f"invalid_type:data.{name}"
        return None

    def invalid_value(self) -> str | None:
        for name, value in self._given():
            if not _has_value(name, value):
                return f"invalid_value:data.{name}"
        return None

    def _given(self) -> Iterator[tuple[str, Any]]:
        for name in (*_REQUIRED_DATA, *_OPTIONAL_DATA):
            value = self.data.get(name)
            if not _absent(value):
                yield name, value


def _has_type(name: str, value: object) -> bool:
    if name == "node_count":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "api_features":
        return isinstance(value, list) and all(isinstance(feature, str) for feature in value)
    return isinstance(value, str)


def _has_value(name: str, value: Any) -> bool:
    match name:
        case "scope":
            return value in SCOPES
        case "trigger":
            return value in TRIGGERS
        case "node_count":
            return 0 <= value <= NODE_COUNT_LIMIT
        case "observed_at":
            return parse_time(value) is not None
        case _:
            return True


def _time_problem(text: str, delivery_day: date) -> str | None:
    moment = parse_time(text)
    if moment is None:
        return "invalid_time"
    return None if time_is_in_range(moment, delivery_day) else "time_out_of_range"


def _envelope_problem(document: dict[str, Any]) -> str | None:
    if document["type"].removeprefix(TYPE_PREFIX) not in TYPES or not document["type"].startswith(TYPE_PREFIX):
        return "unknown_event_type"
    return None if document["specversion"] == "1.0" else "unsupported_specversion"


def _parse(text: str) -> Any:
    """Strict JSON: no NaN, no lone surrogate, at most 1,000 levels; of a repeated key the first value counts."""
    if text.count("[") + text.count("{") > DEPTH_LIMIT and _depth(text) > DEPTH_LIMIT:
        raise ValueError(f"nested deeper than {DEPTH_LIMIT} levels")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 4 * DEPTH_LIMIT))
    try:
        document = json.loads(text, object_pairs_hook=_first_value_counts, parse_constant=_refuse_constant, parse_int=_parse_int)
    finally:
        sys.setrecursionlimit(limit)
    if _has_lone_surrogate(text):
        raise ValueError("a lone surrogate is not Unicode")
    return document


def _has_lone_surrogate(text: str) -> bool:
    """Whether an escape names half a character: Python reads it without complaint, but it cannot be written anywhere."""
    high_ends_at: int | None = None
    for escape in _ESCAPES.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        is_low = 0xDC00 <= code < 0xE000
        if is_low != (high_ends_at == escape.start()) or high_ends_at not in (None, escape.start()):
            return True
        high_ends_at = escape.end() if 0xD800 <= code < 0xDC00 else None
    return high_ends_at is not None


def _first_value_counts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse_int(digits: str) -> int:
    # Numbers of thousands of digits cost quadratic time; 20 digits are past every limit here.
    return int(digits) if len(digits) <= 20 else int(digits[:20]) * 10


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in _STRINGS.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
