"""An operation as its provider knows it, and its facts as text.

Belongs here: what the formats write records of, and the ways of writing moments and identifiers that they share.
Does not belong here: the records (`<source>.py` beside this file), drawing operations (`assets/simulation/operations.py`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Operation:
    """Moments are nanoseconds since 1970, None for never; texts are empty where there is nothing to say.

    `cluster`: its number, `cluster_id`: its identifier as `assets/telemetry/sources` normalises it; `name`: what people
    call it. `ring`: the order in which the region receives releases. `node_pool` is empty for a control plane.
    `outcome` is the type of the terminal event. `failure` and `message` say why it failed. `runs_target`: whether the
    wanted version really runs afterwards.
    """

    serial: int
    day: int
    cluster: int
    cluster_id: str
    name: str
    region: str
    ring: int
    scope: str
    node_pool: str
    node_count: int
    from_version: str
    to_version: str
    trigger: str
    scheduled_at: int | None
    started_at: int | None
    finished_at: int | None
    outcome: str
    failure: str
    message: str
    runs_target: bool

    def at(self, event_type: str) -> int | None:
        """The moment of the event of this type."""
        match event_type:
            case "scheduled":
                return self.scheduled_at
            case "started":
                return self.started_at
            case _:
                return self.finished_at

    @property
    def known_at(self) -> int:
        """The first moment at which anybody could know of it."""
        return next(moment for moment in (self.scheduled_at, self.started_at, self.finished_at) if moment is not None)

    def state(self, seen_at: int) -> str:
        """The type of the last event until a moment, which is not before `known_at`."""
        happened = [
            event_type
            for event_type in ("scheduled", "started", self.outcome)
            if (moment := self.at(event_type)) is not None and moment <= seen_at
        ]
        return happened[-1]


def rfc3339(moment: int, *, digits: int) -> str:
    """UTC with so many digits of the second."""
    seconds, fraction = divmod(moment, NANOSECONDS)
    point = f".{fraction:09}"[: digits + 1] if digits else ""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}{point}Z"


def trimmed(moment: int) -> str:
    """UTC with up to nine digits of the second, without the zeros at their end, as Go writes it."""
    return rfc3339(moment, digits=9).removesuffix("Z").rstrip("0").removesuffix(".") + "Z"


def guid(*parts: object) -> str:
    """A GUID that is the same for the same parts."""
    return str(uuid5(NAMESPACE_OID, "/".join(map(str, parts))))
