"""What becomes of one provider record: accepted, refused, or understood and no upgrade.

Belongs here: the three outcomes, the exception by which a source leaves off reading a record it does not
understand, and the one type of event that only sources give.
Does not belong here: whether an accepted record is new or a duplicate (`assets/telemetry/intake.py` knows
what was delivered before).
"""

from dataclasses import dataclass
from typing import TypeAlias

from assets.telemetry.canonical import Event

# The type of an event that is about a whole cluster and no operation of it: what it says holds for every operation of its thread.
# Sources alone give such events; in canonical lines there is no such type.
DESCRIBED = "described"


@dataclass(slots=True)  # never changed once made; frozen, it would take longer to make
class Accepted:
    """The record states facts about upgrades; at least one event, oldest fact first."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The record is not understood; `reason` is one for the quarantine: `missing_field:spec.clusterID`."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotAnUpgrade:
    """The record is understood and reports no upgrade; `kind` says what it is instead, such as `install`."""

    kind: str


Outcome: TypeAlias = Accepted | Refused | NotAnUpgrade


class RecordError(Exception):
    """Raised while a record is read; a source turns it into `Refused` and lets no other record suffer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
