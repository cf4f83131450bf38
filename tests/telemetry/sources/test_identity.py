"""Identifiers have to be the same wherever, whenever and however often a fact is delivered."""

import hashlib
from dataclasses import replace
from datetime import datetime

import pytest

from assets.telemetry.canonical import Event
from assets.telemetry.sources.identity import h, identified, moment_text, operation_id

at = datetime.fromisoformat
EVENT = Event(
    id="",
    source="",
    type="started",
    time=at("2026-03-01T10:00:00"),
    observed_at=at("2026-03-02T00:00:00"),
    operation_id="op",
    cluster_id="c1",
    scope="cluster",
    to_version="4.16.3",
)


def test_a_hash_is_the_first_half_of_the_sha_256_of_the_joined_parts():
    assert h("a", None, "b") == hashlib.sha256(b"a\x1f\x1fb").hexdigest()[:32]
    assert h("a", None) == h("a", "")
    assert h("a", "b") != h("ab")


def test_an_operation_is_named_after_its_source():
    assert operation_id("some_source", "c1", "np1") == "some_source:" + h("c1", "np1")


def test_a_moment_enters_a_hash_with_six_digits():
    assert moment_text(at("2026-03-01T10:00:00")) == "2026-03-01T10:00:00.000000Z"


def test_the_same_fact_seen_later_is_the_same_event():
    again = replace(EVENT, observed_at=at("2026-03-09T00:00:00"), id="x", source="y")
    assert identified(again, source="s").id == identified(EVENT, source="s").id
    assert identified(again, source="s").observed_at == at("2026-03-09T00:00:00")
    assert identified(EVENT, source="s").source == "/upgradeslo/s/c1"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "succeeded"},
        {"time": at("2026-03-01T10:00:00.000001")},
        {"operation_id": "op2"},
        {"cluster_id": "c2"},
        {"to_version": "4.16.4"},
        {"trigger": "manual"},
        {"error_message": "Müller"},
        {"node_count": 0},
        {"api_features": ("policy/v1beta1/PodDisruptionBudget",)},
    ],
    ids=lambda change: f"{next(iter(change))} is part of the fact",
)
def test_a_corrected_fact_is_another_event(change):
    assert identified(replace(EVENT, **change), source="s").id != identified(EVENT, source="s").id
