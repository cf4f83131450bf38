"""Moments and days: every moment in this project is a naive datetime in UTC, to the microsecond.

Belongs here: the few conversions between days, moments and microseconds.
Does not belong here: reading moments from text (`assets/telemetry/canonical.py`, `assets/telemetry/sources/times.py`).
"""

from datetime import date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


def start_of(day: date) -> datetime:
    """The first moment of the day."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001


def end_of(day: date) -> datetime:
    """The first moment after the day: a report of `day` looks at the world as of then."""
    return start_of(day) + timedelta(days=1)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
