"""Deterministic identifiers of operations and events that providers do not name themselves.

Belongs here: the hash of a natural key, and the identity of an event as a hash of the fact it states.
Does not belong here: which fields form the natural key (the source's own module), canonical events, which
keep their own ids.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from assets.telemetry.canonical import Event

_SEPARATOR = "\x1f"
_HASH_CHARACTERS = 32
# The fields of an event from its cluster to its thread. In their order, values make an event faster than by name.
_NOTHING_SAID: dict[str, Any] = dict.fromkeys(Event._fields[6:-2])


def h(*parts: str | None) -> str:
    """First 32 characters of the hex SHA-256 of the parts joined by U+001F; None counts as empty.

    Callers pass normalised values only. File names, delivery days, line numbers and load times are never
    among them, so that delivering a file again, or in another order, gives the same identifiers.
    """
    text = _SEPARATOR.join([part or "" for part in parts] if None in parts else parts)  # type: ignore[arg-type]
    return sha256(text.encode()).hexdigest()[:_HASH_CHARACTERS]


def operation_id(source: str, *natural_key: str | None) -> str:
    """The identifier of the operation with this natural key."""
    return f"{source}:{h(*natural_key)}"


def moment_text(moment: datetime) -> str:
    """A moment as it enters a hash: RFC 3339 in UTC with six digits."""
    text = orjson.dumps(moment)[1:-1].decode()  # takes half as long as `isoformat`, and like it writes no fraction that is nought
    return f"{text}Z" if moment.microsecond else f"{text}.000000Z"


class Statement:
    """What a record states of one operation whatever happened to it, and the facts that it adds, as events.

    An event's `id` and `source` derive from the fact that it states. The same fact gives the same id however often and whenever
    it was seen, so neither that nor what the fold is told about it is part of the id; a corrected fact is another event.
    """

    __slots__ = ("_event_source", "_observed_at", "_operation_id", "_said", "_source", "_thread")

    def __init__(
        self, source: str, operation_id: str, *, cluster_id: str, observed_at: datetime, thread: str | None = None, **said: Any
    ) -> None:
        """`source`: name of the wire format. `said`: other fields of all its events; None is as good as nothing."""
        self._source, self._event_source = source, f"/upgradeslo/{source}/{cluster_id}"
        self._operation_id, self._observed_at, self._thread = operation_id, observed_at, thread
        self._said = _given(said)
        self._said["cluster_id"] = cluster_id

    def fact(self, type_: str, time: datetime, *, flags: int = 0, **more: Any) -> Event:
        """The event that this happened then. `more`: fields of this event alone."""
        said = self._said | _given(more) if more else self._said
        fact = f"{self._source}\x1f{self._operation_id}\x1f{type_}\x1f{moment_text(time)}\x1f".encode()
        return Event._make(
            (
                sha256(fact + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:_HASH_CHARACTERS],
                self._event_source,
                type_,
                time,
                self._observed_at,
                self._operation_id,
                *(_NOTHING_SAID | said).values(),
                self._thread,
                flags,
            )
        )


def _given(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None} if None in said.values() else said
