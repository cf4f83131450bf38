"""Malformed lines: every reason of the contract is planted, and each deserves the reason that is listed for it.

The reasons are found again by a plain reading of the contract, which shares no code with the pipeline's intake.
"""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from assets.simulation.malformed import DEFECTS, Spoiler

TEXTS = [
    "provider",
    "node_pool",
    "region",
    "from_version",
    "to_version",
    "trigger",
    "workload_type",
    "error_code",
    "error_message",
    "upgrade_id",
    "observed_version",
]
REQUIRED = ["specversion", "id", "source", "type", "time", "data"]
IDENTITY = ["operation_id", "cluster_id", "scope"]
SCOPES = {"control_plane", "node_pool", "node_image", "addon", "cluster"}
TRIGGERS = {"manual", "auto_channel", "security", "maintenance", "forced_eol", "ci", "unknown"}
TYPES = {"scheduled", "started", "succeeded", "failed", "cancelled", "superseded", "skipped"}

EVERY_REASON = {
    "invalid_utf8",
    "invalid_json",
    "not_an_object",
    *(f"missing_field:{name}" for name in REQUIRED),
    *(f"missing_field:data.{name}" for name in IDENTITY),
    *(f"invalid_type:{name}" for name in REQUIRED),
    *(f"invalid_type:data.{name}" for name in [*IDENTITY, *TEXTS, "node_count", "api_features"]),
    *(f"invalid_value:data.{name}" for name in ["scope", "trigger", "node_count", "observed_at"]),
    "invalid_time",
    "time_out_of_range",
    "unknown_event_type",
    "unsupported_specversion",
}

EXAMPLE = json.dumps(
    {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/fleet/aks/westeurope",
        "type": "dev.upgradeslo.operation.started",
        "time": "2026-11-20T08:15:30Z",
        "data": {"operation_id": "op-1", "cluster_id": "c-17", "scope": "node_pool", "node_pool": "np1"},
    }
).encode()


def moment(text):
    """The moment of an RFC 3339 text, or None."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        return None
    try:
        offset = "+00:00" if text[-1] in "Zz" else text[-6:]
        return datetime.fromisoformat(text[:19] + offset).astimezone(UTC)
    except ValueError:
        return None


def reason_of(line, delivery_day):
    """Why a line is refused, by the order of the contract; None for a good one."""

    def refuse_constant(name):
        raise ValueError(name)

    try:
        event = json.loads(line.decode("utf-8"), parse_constant=refuse_constant)
        json.dumps(event, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be written
    except UnicodeDecodeError:
        return "invalid_utf8"
    except ValueError:
        return "invalid_json"
    if not isinstance(event, dict):
        return "not_an_object"
    for name in REQUIRED:
        if event.get(name) in (None, ""):
            return f"missing_field:{name}"
    data = event["data"]
    if isinstance(data, dict):
        for name in IDENTITY:
            if data.get(name) in (None, ""):
                return f"missing_field:data.{name}"
    for name in REQUIRED[:-1]:
        if not isinstance(event[name], str):
            return f"invalid_type:{name}"
    if not isinstance(data, dict):
        return "invalid_type:data"
    for name in [*IDENTITY, *TEXTS]:
        if not isinstance(data.get(name) or "", str) or data.get(name) is False:
            return f"invalid_type:data.{name}"
    if type(data.get("node_count", 1)) is not int:
        return "invalid_type:data.node_count"
    features = data.get("api_features", [])
    if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
        return "invalid_type:data.api_features"
    for name, holds in (
        ("scope", data["scope"] in SCOPES),
        ("trigger", data.get("trigger", "unknown") in TRIGGERS),
        ("node_count", data.get("node_count", 1) >= 0),
        ("observed_at", moment(data.get("observed_at", "2026-11-20T08:15:30Z"))),
    ):
        if not holds:
            return f"invalid_value:data.{name}"
    time = moment(event["time"])
    if time is None:
        return "invalid_time"
    latest = datetime(delivery_day.year, delivery_day.month, delivery_day.day, tzinfo=UTC) + timedelta(days=1, hours=48)
    if not datetime(2014, 6, 6, tzinfo=UTC) <= time <= latest:
        return "time_out_of_range"
    prefix, _, kind = event["type"].rpartition(".")
    if prefix != "dev.upgradeslo.operation" or kind not in TYPES:
        return "unknown_event_type"
    return None if event["specversion"] == "1.0" else "unsupported_specversion"


def test_every_reason_that_a_short_line_can_have_is_planted(home):
    assert set(home.malformed.values()) == EVERY_REASON


def test_every_listed_line_deserves_its_reason_and_no_other_line_is_refused(home):
    found = {}
    for line in home.lines:
        if line.content.strip(b" \t"):
            reason = reason_of(line.content, line.delivery_day)
            if reason is not None:
                found[line.path, line.number] = reason
    assert found == home.malformed


def test_reasons_occur_about_equally_often_for_each_way_of_being_wrong(home):
    ways = Counter(defect.reason for defect in DEFECTS)
    planted = Counter(home.malformed.values())
    rounds = len(home.malformed) / len(DEFECTS)
    assert all(abs(planted[reason] - rounds * count) <= count for reason, count in ways.items())


@pytest.mark.parametrize("defect", [pytest.param(defect, id=f"{n}: {defect.reason}") for n, defect in enumerate(DEFECTS)])
def test_a_defect_gives_its_reason_on_one_line(defect):
    line = defect.spoil(json.loads(EXAMPLE), date(2026, 11, 20))
    assert reason_of(line, date(2026, 11, 20)) == defect.reason
    assert b"\n" not in line
    assert b"\r" not in line
    assert line.strip(b" \t")


def test_a_moment_exactly_48_hours_after_the_delivery_day_would_still_be_good():
    spoil = next(defect.spoil for defect in DEFECTS if defect.reason == "time_out_of_range")
    spoiled = json.loads(spoil(json.loads(EXAMPLE), date(2026, 11, 20)))
    assert spoiled["time"] == "2026-11-23T00:00:01Z"


def test_a_spoiled_line_takes_over_neither_identity_nor_operation():
    spoiler = Spoiler(np.random.default_rng(7))
    for _ in DEFECTS:
        _, line = spoiler.spoil(EXAMPLE, date(2026, 11, 20))
        assert b'"e-1"' not in line
        assert b'"op-1"' not in line
