"""What a wire format is to the simulation.

Belongs here: how a format says what it can carry, how it writes records, and how records share files.
Does not belong here: the formats (`<source>.py` beside this file), delivering their records
(`assets/simulation/export.py`).
"""

from collections.abc import Callable, Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from assets.simulation.formats.operation import Operation
from assets.simulation.malformed import ABSENT, Defect, changed, rewritten, whole

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """How records share a file: between `opening` and `closing` so many of them on a line, or all (0) in one document."""

    opening: str = ""
    closing: str = ""
    records_per_line: int = 1


LINES = Envelope()
ARRAY = Envelope("[", "]", 0)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way in which a format is delivered.

    `records` of a stream: what is sent of an operation when an event of a type happens to it, given both. Of a polled
    state: what a poll shows of a subject, given its operations that are known by then, oldest first, and the moment.
    """

    records: Callable[..., Sequence[Record]]
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: a stream of events, or a state that is polled when it has a `subject`, which is what a record is about.

    `provider`: whose clusters report in it. `carries`: whether its records can tell what became of an operation. `dialects`: a
    cluster keeps to one of them. `defects`: what is wrong with malformed lines. `keeps_history`: whether a poll shows
    operations that ended long ago.
    """

    source: str
    provider: str
    carries: Callable[[Operation], bool]
    dialects: tuple[Dialect, ...]
    defects: tuple[Defect, ...]
    subject: Callable[[Operation], Hashable] | None = None
    keeps_history: bool = False


EXAMPLE_MOMENT = "2014-06-06T08:15:30Z"
"""For good records that are then broken: in range of whatever day they are delivered on."""

LINE_DEFECTS = (
    Defect("invalid_utf8", rewritten(lambda line: line.replace(b'":"', b'":"\xc3(', 1))),
    Defect("invalid_json", rewritten(lambda line: line[: 2 * len(line) // 3])),
    Defect("invalid_json", rewritten(lambda line: line + line)),
    Defect("invalid_json", whole(b"<html><body>503 Service Unavailable</body></html>")),
    Defect("not_an_object", whole(b"null")),
    Defect("not_an_object", whole(b"4711")),
)
"""What can be wrong with a line of any format."""


def without(path: str, example: Record) -> Defect:
    """A required field is missing. `example`: a good record of the format, which stands for whatever line is broken."""
    return wrong(f"missing_field:{path}", example, {path: ABSENT})


def wrong(reason: str, example: Record, changes: Record) -> Defect:
    """Members of the example have other values, by their path (`data.scope`)."""
    return Defect(reason, lambda _line, day: changed(changes)(deepcopy(example), day))
