"""Moments: whole seconds since the first simulated midnight (UTC), and the text that senders make of them.

Belongs here: the unit, and writing many moments as RFC 3339 in the forms that occur.
Does not belong here: when something happens (`demand.py`, `operations.py`) or is delivered
(`delivery.py`).
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from assets.simulation.rows import Ints

DAY_SECONDS = 86_400

TIME_FORMS = ("seconds", "milliseconds", "microseconds", "ticks", "offset_seconds", "offset_milliseconds")
"""`…:30Z`, `…:30.123Z`, `…:30.123456Z`, `…:30.1234567Z`, `…:30+02:00`, `…:30.123+02:00`."""

_DIGITS = (0, 3, 6, 7, 0, 3)
_OFFSET_HOURS = (0, 0, 0, 0, 2, 2)

FRACTIONS = 1000
"""Fractions of a second come from a catalogue of this many, so that no digit has to be written anew."""


class MomentText:
    """Writes moments by looking up their date, their time of day and their fraction with its zone.

    Moments lie between the first day and a week after the last.
    """

    def __init__(self, *, first_day: date, days: int, rng: np.random.Generator) -> None:
        self._dates = pl.Series([(first_day + timedelta(days=day)).isoformat() for day in range(days + 8)])
        self._clock = pl.Series(
            [f"T{hour:02}:{minute:02}:{second:02}" for hour in range(24) for minute in range(60) for second in range(60)]
        )
        ticks = rng.integers(0, 10**7, FRACTIONS)
        self._fractions = pl.Series([_fraction(int(tick), form) for form in range(len(TIME_FORMS)) for tick in ticks])
        self._offsets = np.array(_OFFSET_HOURS) * 3600

    def pieces(self, moment: Ints, *, fraction: Ints, form: Ints) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Three columns that give the text when they are joined.

        `fraction`: positions in the catalogue of fractions; `form`: positions in TIME_FORMS; both of the
        shape of `moment`.
        """
        local = moment + self._offsets[form]
        day, second = np.divmod(local, DAY_SECONDS)
        return (
            self._dates.gather(day),
            self._clock.gather(second),
            self._fractions.gather(form * FRACTIONS + fraction),
        )


def _fraction(ticks: int, form: int) -> str:
    """What follows the seconds: a fraction, given in tenths of a microsecond and cut to the form, and the zone."""
    digits = f"{ticks:07}"[: _DIGITS[form]]
    zone = f"+{_OFFSET_HOURS[form]:02}:00" if _OFFSET_HOURS[form] else "Z"
    return f".{digits}{zone}" if digits else zone
