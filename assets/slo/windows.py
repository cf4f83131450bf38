"""Windows: from when to when an objective is looked at on a report day, in UTC.

Belongs here: the calendar's real days, months, quarters and years in their time zone, rolling days, the look-backs.
Does not belong here: reading windows from files (`objectives.py`), counting in them (`status.py`, `time_slices.py`).
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from assets.moments import end_of, start_of
from assets.slo.objectives import Calendar, Objective

LOOK_BACK_DAYS = (1, 3, 7, 28)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open period `[start, end)`, and the days of it that a report day can see: those that it holds whole, and parts."""

    start: datetime
    end: datetime
    seen_until: datetime  # the earlier of `end` and the end of the report day; `start` when nothing has been seen yet

    @property
    def first_whole_day(self) -> date:
        """The first day whose operations are all in the window."""
        return (self.start + _DAY - timedelta(microseconds=1)).date()

    @property
    def after_whole_days(self) -> date:
        """The day after the last one whose operations are all in the window and seen."""
        return max(self.seen_until.date(), self.first_whole_day)

    @property
    def has_parts(self) -> bool:
        """Whether the window begins or ends within a day, so that this day's operations have to be told apart."""
        return self.start < self.seen_until and {self.start.time(), self.seen_until.time()} != {time()}

    @property
    def days(self) -> int:
        """How many days the window has touched so far; 1 before it has begun, a window being of something."""
        return max((self.seen_until - timedelta(microseconds=1)).date() - self.start.date(), timedelta()).days + 1


def windows_on(objective: Objective, day: date) -> dict[str, Window]:
    """The windows of an objective on a report day, by name: its own as written, and the look-backs that have another name."""
    rolling = {f"{days}d": _rolling(days, day) for days in LOOK_BACK_DAYS}
    return {objective.window: own_window(objective, day)} | {n: w for n, w in rolling.items() if n != objective.window}


def own_window(objective: Objective, day: date) -> Window:
    """The objective's own window on a report day.

    Of a calendar it is the period that holds the day's first moment: every period is shown once as a whole, on the day in
    which it ends. Before the first period that is the first one, with nothing seen.
    """
    if objective.calendar is None:
        return _rolling(objective.window_days, day)
    start, end = _period(objective.calendar, start_of(day))
    return Window(start, end, max(start, min(end, end_of(day))))


def on_day(objective: Objective, day: date) -> Objective:
    """The objective with the days of its window as of a report day; those of a calendar are not always as many."""
    return replace(objective, window_days=own_window(objective, day).days)


def _rolling(days: int, day: date) -> Window:
    return Window(end_of(day) - timedelta(days=days), end_of(day), end_of(day))


def _period(calendar: Calendar, moment: datetime) -> tuple[datetime, datetime]:
    """Start and end of the calendar's period that holds `moment`, all in UTC."""
    zone = _zone(calendar.time_zone)
    local = moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    first = calendar.start_time
    if calendar.months:
        number = ((local.year - first.year) * 12 + local.month - first.month) // calendar.months
    else:
        number = (local - first) // timedelta(days=calendar.days)
    # Clocks that are set, and months too short for the first day, shift a period's ends; never by a whole one.
    if _begin(calendar, number, zone) > moment:
        number -= 1
    elif _begin(calendar, number + 1, zone) <= moment:
        number += 1
    number = max(number, 0)
    return _begin(calendar, number, zone), _begin(calendar, number + 1, zone)


def _begin(calendar: Calendar, number: int, zone: tzinfo) -> datetime:
    """When the period of this number begins, in UTC; the first has number 0."""
    first = calendar.start_time
    if calendar.months:
        years, month = divmod(first.month - 1 + number * calendar.months, 12)
        begin = _in_month(first, first.year + years, month + 1)
    else:
        begin = first + number * timedelta(days=calendar.days)
    return begin.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _in_month(first: datetime, year: int, month: int) -> datetime:
    """The same day and time in another month; its last day when it has no such day."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return first.replace(year=year, month=month, day=min(first.day, (following - _DAY).day))


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)  # UTC also where the machine has no time zone database
