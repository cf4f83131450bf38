"""Identifiers have to be the same wherever, whenever and however often a fact is delivered."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from assets.telemetry.canonical import Event
from assets.telemetry.sources.identity import Statement, h, moment_text, operation_id

at = datetime.fromisoformat
STARTED_AT = at("2026-03-01T10:00:00")
DATA = '{"cluster_id":"c1","node_pool":"np1","scope":"cluster","to_version":"4.16.3"}'


def started(**changes: Any) -> Event:
    """The event of a start, told by a record that is as follows but for the changes."""
    fact = {name: changes.pop(name) for name in ("type_", "time", "flags") if name in changes}
    said = {"observed_at": at("2026-03-02T00:00:00"), "cluster_id": "c1", "scope": "cluster", "to_version": "4.16.3"} | changes
    stated = Statement("s", said.pop("operation_id", "op"), **said)
    return stated.fact(**{"type_": "started", "time": STARTED_AT} | fact)


def test_a_hash_is_the_first_half_of_the_sha_256_of_the_joined_parts():
    assert h("a", None, "b") == hashlib.sha256(b"a\x1f\x1fb").hexdigest()[:32]
    assert h("a", None) == h("a", "")
    assert h("a", "b") != h("ab")


def test_an_operation_is_named_after_its_source():
    assert operation_id("some_source", "c1", "np1") == "some_source:" + h("c1", "np1")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param("2026-03-01T10:00:00", "2026-03-01T10:00:00.000000Z", id="a whole second"),
        pytest.param("2026-03-01T10:00:00.120000", "2026-03-01T10:00:00.120000Z", id="zeros at the end"),
        pytest.param("2026-03-01T10:00:00.000001", "2026-03-01T10:00:00.000001Z", id="a microsecond"),
    ],
)
def test_a_moment_enters_a_hash_with_six_digits(moment, expected):
    assert moment_text(at(moment)) == expected


def test_a_fact_is_an_event_with_what_its_record_states():
    assert started(node_pool="np1", thread="azure", flags=4) == Event(
        id=h("s", "op", "started", "2026-03-01T10:00:00.000000Z", DATA),
        source="/upgradeslo/s/c1",
        type="started",
        time=STARTED_AT,
        observed_at=at("2026-03-02T00:00:00"),
        operation_id="op",
        cluster_id="c1",
        scope="cluster",
        node_pool="np1",
        to_version="4.16.3",
        thread="azure",
        flags=4,
    )


def test_what_one_fact_adds_is_not_said_by_the_others():
    stated = Statement("s", "op", cluster_id="c1", observed_at=STARTED_AT, scope="cluster")
    failed, also = stated.fact("failed", STARTED_AT, error_code="Quota", error_message=None), stated.fact("failed", STARTED_AT)
    assert (failed.error_code, failed.error_message, also.error_code) == ("Quota", None, None)
    assert failed.id != also.id


def test_the_same_fact_seen_later_or_marked_otherwise_has_the_same_id():
    again = started(observed_at=at("2026-03-09T00:00:00"), thread="azure", flags=8, region=None)
    assert again.id == started().id
    assert again.observed_at == at("2026-03-09T00:00:00")


@pytest.mark.parametrize(
    "change",
    [
        {"type_": "succeeded"},
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
    assert started(**change).id != started().id
