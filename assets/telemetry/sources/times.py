"""Moments as providers write them, as naive UTC truncated to the microsecond.

Belongs here: RFC 3339 texts, epochs in seconds, milliseconds and nanoseconds, and the range of believable
moments.
Does not belong here: which moment of a record is which (the source's own module), the canonical form's own
rule, which this module builds on (`assets/telemetry/canonical.py`).
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from assets.telemetry.canonical import parse_time, time_is_in_range
from assets.telemetry.sources.outcomes import RecordError

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - every moment in this project is naive UTC
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,9})?", re.ASCII)
# An epoch says its unit by its size: 1e11 seconds are the year 5138, 1e17 milliseconds are past every
# calendar.
_MILLISECONDS_FROM = 10**11
_NANOSECONDS_FROM = 10**17


def parse_moment(value: object) -> datetime | None:
    """The moment a JSON value states, digits beyond microseconds cut off; None when it states none.

    Accepts RFC 3339 with an offset, and numbers or texts of digits: epoch seconds with or without a fraction,
    epoch milliseconds (from 1e11), epoch nanoseconds (from 1e17). A time without an offset states no moment.
    """
    match value:
        case str():
            return parse_time(value) or (_of_epoch(Decimal(value)) if _NUMBER.fullmatch(value) else None)
        case bool():
            return None
        case int():
            return _of_epoch(Decimal(value))
        case float():
            return _of_epoch(Decimal(repr(value)))  # the digits that were written, not their binary neighbour
        case _:
            return None


def accepted_moment(value: object, *, delivery_day: date, unreadable: str = "invalid_time") -> datetime:
    """The moment a JSON value states, if a record delivered on that day can speak of it.

    Raises:
        RecordError: `unreadable` for a value that states none, or `time_out_of_range` before Kubernetes or more than 48 h after
        the delivery day.
    """
    moment = (isinstance(value, str) and parse_time(value)) or parse_moment(value)  # nearly always the first, without a detour
    if moment is None:
        raise RecordError(unreadable)
    if not time_is_in_range(moment, delivery_day):
        raise RecordError("time_out_of_range")
    return moment


def _of_epoch(epoch: Decimal) -> datetime | None:
    if not epoch.is_finite():
        return None
    size = abs(epoch)
    if size >= _NANOSECONDS_FROM:
        per_second = 10**9
    elif size >= _MILLISECONDS_FROM:
        per_second = 10**3
    else:
        per_second = 1
    try:
        return _EPOCH + timedelta(microseconds=int(epoch * 10**6 / per_second))
    except (OverflowError, ValueError):
        return None
