"""Deterministic identifiers of operations and events that providers do not name themselves.

Belongs here: the hash of a natural key, and the identity of an event as a hash of the fact it states.
Does not belong here: which fields form the natural key (the source's own module), canonical events, which
keep their own ids.
"""

import hashlib
from dataclasses import fields
from datetime import datetime
from operator import attrgetter

import orjson

from assets.telemetry.canonical import Event

_SEPARATOR = "\x1f"
_HASH_CHARACTERS = 32
# Everything a fact says. When it was observed, and what the fold is told about it, are no part of that: the same fact seen again
# is a duplicate.
_NOT_SAID = ("id", "source", "type", "time", "observed_at", "operation_id", "thread", "flags")
_DATA_FIELDS = tuple(field.name for field in fields(Event) if field.name not in _NOT_SAID)
_data_values = attrgetter(*_DATA_FIELDS)


def h(*parts: str | None) -> str:
    """First 32 characters of the hex SHA-256 of the parts joined by U+001F; None counts as empty.

    Callers pass normalised values only. File names, delivery days, line numbers and load times are never
    among them, so that delivering a file again, or in another order, gives the same identifiers.
    """
    text = _SEPARATOR.join([part or "" for part in parts])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_HASH_CHARACTERS]


def operation_id(source: str, *natural_key: str | None) -> str:
    """The identifier of the operation with this natural key."""
    return f"{source}:{h(*natural_key)}"


def moment_text(moment: datetime) -> str:
    """A moment as it enters a hash: RFC 3339 in UTC with six digits."""
    return f"{moment.isoformat(timespec='microseconds')}Z"


def identified(event: Event, *, source: str) -> Event:
    """The event with `id` and `source` derived from the fact it states, whatever it held there before.

    `source`: name of the wire format. The same fact gives the same id however often and whenever it was seen;
    a corrected fact is another event.
    """
    data = {name: value for name, value in zip(_DATA_FIELDS, _data_values(event), strict=True) if value is not None}
    fact = orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode("utf-8")
    identity = h(source, event.operation_id, event.type, moment_text(event.time), fact)
    return event.but(id=identity, source=f"/upgradeslo/{source}/{event.cluster_id}")
