"""Reading simulated deliveries with nothing but the standard library, independently of the pipeline's intake.

Belongs here: files, their canonical lines, and what the events of one operation say together.
Does not belong here: running simulations (`conftest.py`, `provider_homes.py`), what is expected of them (the tests).
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import zstandard


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


def malformed_lines(home: Path) -> dict[tuple[str, int], str]:
    """Path, line and reason of every malformed line that the simulation planted."""
    listed = json.loads((home / "simulation" / "malformed.json").read_text())
    return {(entry["path"], entry["line"]): entry["reason"] for entry in listed}


def good_events(lines: Iterable[Line], malformed: dict[tuple[str, int], str]) -> list[tuple[Line, dict[str, Any]]]:
    """Every good line with its event."""
    return [
        (line, json.loads(line.content)) for line in lines if line.content.strip() and (line.path, line.number) not in malformed
    ]


def operations_of(events: Iterable[dict[str, Any]]) -> dict[str, Operation]:
    """What is said of every operation, by its identifier."""
    operations: dict[str, Operation] = {}
    for event in events:
        operation = operations.setdefault(event["data"]["operation_id"], Operation())
        operation.moments[event["type"].rpartition(".")[2]] = moment(event["time"])
        operation.attributes.update({name: value for name, value in event["data"].items() if value not in (None, "")})
    return operations
