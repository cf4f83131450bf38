"""One simulation for all tests of this folder, read back line by line.

Belongs here: running the simulation once, with the numbers that the tests know of.
Does not belong here: reading its files (`deliveries.py`), what is expected of them (the tests beside this file).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from assets.simulation.simulate import Summary, simulate
from tests.simulation.deliveries import Line, Operation, good_events, malformed_lines, moment, operations_of, read_lines

END = date(2026, 11, 20)
DAYS = 60
OPERATIONS_PER_DAY = 1000


@dataclass(frozen=True)
class Home:
    folder: Path
    summary: Summary
    truth: dict[str, Any]
    malformed: dict[tuple[str, int], str]
    lines: list[Line]
    events: list[tuple[Line, dict[str, Any]]]
    operations: dict[str, Operation]

    @staticmethod
    def moment(written: str) -> datetime:
        return moment(written)

    def incident(self, kind: str) -> dict[str, Any]:
        return next(incident for incident in self.truth["incidents"] if incident["kind"] == kind)

    def within(self, incident: dict[str, Any], **slice_: list[str]) -> list[Operation]:
        """Operations that started within an incident, whose own attributes lie in its slice (or in `slice_`)."""
        starts, ends = moment(incident["starts_at"]), moment(incident["ends_at"])
        accepted = {**incident["slice"], **slice_}
        return [
            operation
            for operation in self.operations.values()
            if "started" in operation.moments
            and starts <= operation.moments["started"] < ends
            and all(operation.attributes.get(name) in names for name, names in accepted.items())
        ]


def run(folder: Path, **arguments: Any) -> Summary:
    """A simulation in a home of its own, small unless told otherwise."""
    return simulate(
        **{
            "landing": folder / "landing",
            "inventory": folder / "inventory" / "clusters.csv",
            "incidents": folder / "simulation" / "incidents.json",
            "end": END,
            "days": 4,
            "operations_per_day": 40,
            **arguments,
        }
    )


@pytest.fixture(name="run")
def run_fixture() -> Callable[..., Summary]:
    return run


@pytest.fixture(name="read_lines")
def read_lines_fixture() -> Callable[[Path], Iterator[Line]]:
    return read_lines


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("home")
    summary = run(folder, days=DAYS, operations_per_day=OPERATIONS_PER_DAY)
    malformed = malformed_lines(folder)
    lines = list(read_lines(folder / "landing"))
    events = good_events(lines, malformed)
    return Home(
        folder=folder,
        summary=summary,
        truth=json.loads((folder / "simulation" / "incidents.json").read_text()),
        malformed=malformed,
        lines=lines,
        events=events,
        operations=operations_of(event for _, event in events),
    )
