"""Lines that intake must refuse, some for every quarantine reason that a short line can have.

Belongs here: how a good record is spoiled, the reason that must be given for it, and what can be wrong with
canonical events. The one reason that is left out is `line_too_long`: a line of more than 16 MiB would be
larger than a simulated day.
Does not belong here: where spoiled lines are put and how many there are (`files.py`), what can be wrong with
records of other formats only (`formats/`).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

Event = dict[str, Any]

ABSENT = object()

TEXT_ATTRIBUTES = (
    "data.provider",
    "data.node_pool",
    "data.region",
    "data.from_version",
    "data.to_version",
    "data.trigger",
    "data.workload_type",
    "data.error_code",
    "data.error_message",
    "data.upgrade_id",
    "data.observed_version",
)


@dataclass(frozen=True)
class Defect:
    """A quarantine reason, and a way from a good event, which it may change, and its delivery day to a line
    that deserves it.
    """

    reason: str
    spoil: Callable[[Event, date], bytes]


def _disown(event: Event, number: int) -> None:
    """Gives a canonical event an identity and an operation of its own, which nobody should see."""
    event["id"] = f"malformed-{number}"
    event["data"]["operation_id"] = f"op-malformed-{number}"


class Spoiler:
    """Hands out the defects in turn, so that every one of them occurs once enough lines have been spoiled."""

    def __init__(
        self,
        rng: np.random.Generator,
        defects: Sequence[Defect] = (),
        disown: Callable[[Event, int], None] = _disown,
    ) -> None:
        """`defects`: those of canonical events unless others are given; `disown`: what is done to the copy of a
        good record before it is spoiled.
        """
        self._defects = defects or DEFECTS
        self._disown = disown
        self._order = rng.permutation(len(self._defects))
        self._spoiled_count = 0

    def spoil(self, line: bytes, delivery_day: date) -> tuple[str, bytes]:
        """A refused line without its end, made of a good one, which stays as it is, and the reason for refusing it."""
        defect = self._defects[self._order[self._spoiled_count % len(self._defects)]]
        self._spoiled_count += 1
        event = json.loads(line)
        self._disown(event, self._spoiled_count)
        return defect.reason, defect.spoil(event, delivery_day)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def changed(changes: dict[str, Any]) -> Callable[[Event, date], bytes]:
    """Sets members of the event by their path (`data.scope`), or takes them away."""

    def spoil(event: Event, _day: date) -> bytes:
        for path, value in changes.items():
            *parents, name = path.split(".")
            holder = event
            for parent in parents:
                holder = holder[parent]
            if value is ABSENT:
                holder.pop(name, None)
            else:
                holder[name] = value
        return _encoded(event)

    return spoil


def rewritten(rewrite: Callable[[bytes], bytes]) -> Callable[[Event, date], bytes]:
    """Changes the bytes of the good line."""
    return lambda event, _day: rewrite(_encoded(event))


def whole(line: bytes) -> Callable[[Event, date], bytes]:
    """A line that has nothing to do with the good one."""
    return lambda _event, _day: line


def _with_message(bytes_: bytes) -> Callable[[Event, date], bytes]:
    """Puts bytes that JSON would not admit into the error message."""

    def spoil(event: Event, day: date) -> bytes:
        return changed({"data.error_message": "PLACEHOLDER"})(event, day).replace(b"PLACEHOLDER", bytes_)

    return spoil


def _too_far_ahead(event: Event, day: date) -> bytes:
    """The first second that is more than 48 hours after the end of the delivery day."""
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    return changed({"time": f"{end + timedelta(hours=48, seconds=1):%Y-%m-%dT%H:%M:%SZ}"})(event, day)


def _defects() -> list[Defect]:
    text = [
        ("invalid_utf8", _with_message(b"Z\xfcrich")),
        ("invalid_utf8", _with_message(b"\xc0\xaf")),
        ("invalid_utf8", _with_message(b"\xed\xa0\x80")),
        ("invalid_utf8", _with_message(b"cut \xe2\x82")),
        ("invalid_json", rewritten(lambda line: line[: 2 * len(line) // 3])),
        ("invalid_json", rewritten(lambda line: line[:-1])),
        ("invalid_json", rewritten(lambda line: line[:-1] + b",}")),
        ("invalid_json", rewritten(lambda line: line + b"]")),
        ("invalid_json", rewritten(lambda line: line + line)),
        ("invalid_json", rewritten(lambda line: line.replace(b'"', b"'"))),
        ("invalid_json", _with_message(b"a raw \t tab")),
        ("invalid_json", _with_message(b"half a pair \\ud83d")),
        ("invalid_json", _with_message(b"no such escape \\x41")),
        ("invalid_json", whole(b"2026/11/20 08:15:30 ERROR upgrader: lost connection, retrying")),
        ("invalid_json", whole(b"<html><body>502 Bad Gateway</body></html>")),
        ("invalid_json", whole(b"{")),
        ("not_an_object", lambda event, _day: _encoded([event])),
        ("not_an_object", lambda event, _day: _encoded(json.dumps(event))),
        ("not_an_object", whole(b"null")),
        ("not_an_object", whole(b"true")),
        ("not_an_object", whole(b"4711")),
        ("not_an_object", whole(b"[]")),
    ]
    required = (
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "data.operation_id",
        "data.cluster_id",
        "data.scope",
    )
    missing = [(f"missing_field:{path}", changed({path: value})) for path in required for value in (ABSENT, None, "")]
    missing += [
        ("missing_field:data", changed({"data": ABSENT})),
        ("missing_field:data", changed({"data": None})),
        ("missing_field:data", changed({"data": ABSENT, "data_base64": "e30="})),
        ("missing_field:specversion", lambda event, _day: _encoded(event["data"])),
    ]
    types = [
        (f"invalid_type:{path}", changed({path: value}))
        for path, value in (
            ("specversion", 1.0),
            ("id", 4711),
            ("source", ["/fleet"]),
            ("type", {"name": "started"}),
            ("time", 1763626530),
            ("data", "operation_id=op-81"),
            ("data", [1, 2]),
            ("data.operation_id", 81),
            ("data.cluster_id", {"name": "c-17"}),
            ("data.scope", ["node_pool"]),
            *((path, 1.31) for path in TEXT_ATTRIBUTES),
            *((path, False) for path in TEXT_ATTRIBUTES),
            *((path, {"value": "x"}) for path in TEXT_ATTRIBUTES),
            ("data.node_count", "12"),
            ("data.node_count", 12.0),
            ("data.node_count", True),
            ("data.node_count", [12]),
            ("data.api_features", "policy/v1beta1/PodDisruptionBudget"),
            ("data.api_features", {"policy/v1beta1/PodDisruptionBudget": 3}),
            ("data.api_features", ["policy/v1beta1/PodDisruptionBudget", 3]),
        )
    ]
    values = [
        (f"invalid_value:{path}", changed({path: value}))
        for path, value in (
            ("data.scope", "Node_Pool"),
            ("data.scope", "datacenter"),
            ("data.trigger", "cron"),
            ("data.trigger", "MANUAL"),
            ("data.node_count", -1),
            ("data.observed_at", "just now"),
            ("data.observed_at", "2026-11-20T08:15:30"),
        )
    ]
    times = [
        ("invalid_time", changed({"time": written}))
        for written in (
            "20/11/2026",
            "2026-11-20",
            "2026-11-20T08:15:30",
            "2026-11-20 08:15:30Z",
            "2026-11-20T08:15Z",
            "2026-11-20T08:15:60Z",
            "2026-11-20T24:00:00Z",
            "2026-02-30T08:15:30Z",
            "2026-11-20T08:15:30.Z",
            "2026-11-20T08:15:30+0200",
            "1763626530",
            "yesterday",
        )
    ]
    ranges = [
        ("time_out_of_range", _too_far_ahead),
        ("time_out_of_range", changed({"time": "2014-06-05T23:59:59Z"})),
        ("time_out_of_range", changed({"time": "1970-01-01T00:00:00Z"})),
        ("time_out_of_range", changed({"time": "9999-12-31T23:59:59Z"})),
    ]
    envelopes = [
        ("unknown_event_type", changed({"type": "dev.upgradeslo.operation.paused"})),
        ("unknown_event_type", changed({"type": "dev.upgradeslo.operation.Started"})),
        (
            "unknown_event_type",
            changed({"type": "Microsoft.ContainerService.NewKubernetesVersionAvailable"}),
        ),
        ("unsupported_specversion", changed({"specversion": "0.3"})),
        ("unsupported_specversion", changed({"specversion": "1.1"})),
    ]
    # Several things wrong at once: the reason is the first of the contract's order.
    several = [
        ("missing_field:id", changed({"id": ABSENT, "time": ABSENT, "specversion": "0.3"})),
        (
            "missing_field:data.scope",
            changed({"data.scope": "", "data.node_count": -1, "time": "yesterday"}),
        ),
        ("invalid_type:data.node_count", changed({"data.node_count": "12", "data.scope": "datacenter"})),
        ("invalid_value:data.scope", changed({"data.scope": "datacenter", "data.trigger": "cron"})),
        ("invalid_time", changed({"time": "yesterday", "type": "com.example.created"})),
        ("time_out_of_range", changed({"time": "1970-01-01T00:00:00Z", "type": "com.example.created"})),
        ("unknown_event_type", changed({"type": "com.example.created", "specversion": "0.3"})),
    ]
    return [
        Defect(reason, spoil)
        for reason, spoil in (
            *text, *missing, *types, *values, *times, *ranges, *envelopes, *several,
        )
    ]  # fmt: skip


DEFECTS = tuple(_defects())
