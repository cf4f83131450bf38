"""When a polled object was seen.

Belongs here: the stamps that collectors put on what they poll.
Does not belong here: moments that a record states about its upgrades (the source's own module), event streams,
whose events were seen when they happened.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from assets.moments import end_of
from assets.telemetry.sources.envelopes import STAMPS
from assets.telemetry.sources.fields import optional
from assets.telemetry.sources.times import accepted_moment

_STAMPS = tuple((stamp, f"invalid_value:{stamp}") for stamp in STAMPS)
_end_of = lru_cache(maxsize=64)(end_of)  # asked for every record of a file, which has one day


def observed_at(record: Mapping[str, Any], *, delivery_day: date) -> datetime:
    """The collector's time, else the end of the delivery day: no later can the object have been seen.

    Raises:
        RecordError: `invalid_value:<stamp>` for a stamp that is no time, or `time_out_of_range`.
    """
    for stamp, unreadable in _STAMPS:
        value = optional(record, stamp, object)
        if value is not None:
            return accepted_moment(value, delivery_day=delivery_day, unreadable=unreadable)
    return _end_of(delivery_day)
