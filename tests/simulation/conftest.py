"""One simulation for all tests of this folder, read back line by line with nothing but the standard library.

Belongs here: running the simulation once, and reading its files independently of the pipeline's intake.
Does not belong here: what is expected of them (the tests beside this file).
"""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard

from assets.simulation.simulate import Summary, simulate

END = date(2026, 11, 20)
DAYS = 60
OPERATIONS_PER_DAY = 1000


@dataclass(frozen=True)
class Line:
    """`path` is below the landing zone, `number` counts from 1, `content` is without the end of the line."""

    path: str
    number: int
    delivery_day: date
    content: bytes


@dataclass
class Operation:
    """What all the events of one operation say together; moments are cut to the second."""

    attributes: dict[str, Any] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)

    @property
    def state(self) -> str:
        ends = [kind for kind in self.moments if kind not in ("scheduled", "started")]
        return ends[0] if ends else ("running" if "started" in self.moments else "scheduled")

    @property
    def day(self) -> date:
        return next(self.moments[kind] for kind in ("started", "scheduled", *self.moments) if kind in self.moments).date()

    @property
    def duration_seconds(self) -> float | None:
        if "started" not in self.moments or self.state in ("running", "scheduled"):
            return None
        return (self.moments[self.state] - self.moments["started"]).total_seconds()


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


def moment(written: str) -> datetime:
    """A moment in UTC, cut to the second; the offset follows the seconds or their fraction."""
    offset = "+00:00" if written.endswith("Z") else written[-6:]
    return datetime.fromisoformat(written[:19] + offset).astimezone(UTC)


def read_file(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
    return content


def read_lines(landing: Path) -> Iterator[Line]:
    for path in sorted(landing.glob("canonical/*/*")):
        content = read_file(path).removeprefix(b"\xef\xbb\xbf")
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        for number, line in enumerate(lines, start=1):
            yield Line(
                path=str(path.relative_to(landing)),
                number=number,
                delivery_day=date.fromisoformat(path.parent.name),
                content=line.removesuffix(b"\r"),
            )


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
    malformed = {
        (entry["path"], entry["line"]): entry["reason"]
        for entry in json.loads((folder / "simulation" / "malformed.json").read_text())
    }
    lines = list(read_lines(folder / "landing"))
    events = [
        (line, json.loads(line.content)) for line in lines if line.content.strip() and (line.path, line.number) not in malformed
    ]
    operations: dict[str, Operation] = {}
    for _, event in events:
        operation = operations.setdefault(event["data"]["operation_id"], Operation())
        operation.moments[event["type"].rpartition(".")[2]] = moment(event["time"])
        operation.attributes.update({name: value for name, value in event["data"].items() if value not in (None, "")})
    return Home(
        folder=folder,
        summary=summary,
        truth=json.loads((folder / "simulation" / "incidents.json").read_text()),
        malformed=malformed,
        lines=lines,
        events=events,
        operations=operations,
    )
