"""Objectives as the loader would make them, in one line of a test.

Belongs here: an objective of each kind with plain values for whatever the test does not care about.
Does not belong here: reading OpenSLO files (`tests/slo/test_objectives.py`).
"""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from assets.slo.objectives import START_DELAY, Objective, Objectives

_PLAIN = Objective(
    name="success",
    display_name="Success",
    description="",
    service="upgrades",
    kind="ratio",
    total_where="TRUE",
    good_where="(\"state\" = 'succeeded') IS TRUE",
    op=None,
    value=None,
    target=0.9,
    window="28d",
    window_days=28,
    deadline_seconds=86_400,
    failed="never-finishes",
    slice_by=("to_version", "region", "workload_type"),
    confidence=0.95,
    min_events=20,
    late_data_horizon_seconds=259_200,
)


def ratio(**changes: Any) -> Objective:
    """An objective on the share of succeeded operations, over all of them."""
    return replace(_PLAIN, **changes)


def threshold(op: str = "lte", value: float = 3600.0, **changes: Any) -> Objective:
    """An objective on the duration in seconds, over all operations."""
    return replace(_PLAIN, **{"name": "speed", "kind": "threshold", "good_where": None, "op": op, "value": value, **changes})


def start(op: str = "lte", value: float = 86_400.0, **changes: Any) -> Objective:
    """An objective on the delay from the scheduled time to the start in seconds, over all operations."""
    return threshold(op, value, **{"name": "start", "measured": START_DELAY, **changes})


def objectives(*each: Objective) -> Objectives:
    """These objectives, with a hash that is another for every other set."""
    return Objectives(each, sha256(repr(each).encode()).hexdigest())
