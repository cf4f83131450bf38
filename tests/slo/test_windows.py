"""Windows in UTC, each worked out by hand: months that differ, clocks that are set, days that begin elsewhere."""

from datetime import date, datetime

import pytest

from assets.slo.objectives import Calendar
from assets.slo.windows import on_day, own_window, windows_on
from tests.data.made_objectives import ratio
from tests.data.small_home import at, day

YEAR_2026 = datetime(2026, 1, 1)  # noqa: DTZ001 - as the clocks of the zone show it


def calendar(zone: str = "UTC", *, months: int = 0, days: int = 0, start: datetime = YEAR_2026):
    return ratio(window="own", window_days=400, calendar=Calendar(start, zone, months, days))


@pytest.mark.parametrize(
    ("objective", "report_day", "start", "end"),
    [
        pytest.param(calendar(months=1), "2026-11-01", "2026-11-01 00:00", "2026-12-01 00:00",
                     id="a month on its first day"),
        pytest.param(calendar(months=1), "2026-11-30", "2026-11-01 00:00", "2026-12-01 00:00",
                     id="a month on its last day"),
        pytest.param(calendar(months=1), "2028-02-29", "2028-02-01 00:00", "2028-03-01 00:00", id="February of a leap year"),
        pytest.param(calendar("Europe/Berlin", months=1), "2026-11-20", "2026-10-31 23:00", "2026-11-30 23:00",
                     id="east of Greenwich a month begins on the day before"),
        pytest.param(calendar("Europe/Berlin", months=1), "2026-11-30", "2026-10-31 23:00", "2026-11-30 23:00",
                     id="and the day in which it ends still shows it"),
        pytest.param(calendar("Europe/Berlin", months=1), "2026-12-01", "2026-11-30 23:00", "2026-12-31 23:00",
                     id="the next day shows the next month"),
        pytest.param(calendar("Europe/Berlin", months=1), "2026-10-20", "2026-09-30 22:00", "2026-10-31 23:00",
                     id="the month in which summer time ends is an hour longer"),
        pytest.param(calendar("America/New_York", months=1), "2026-12-01", "2026-11-01 04:00", "2026-12-01 05:00",
                     id="west of Greenwich a month ends on the day after"),
        pytest.param(calendar("America/New_York", months=3), "2026-11-20", "2026-10-01 04:00", "2027-01-01 05:00",
                     id="a quarter"),
        pytest.param(calendar(months=3, start=at("2025-11-15 12:30")), "2026-11-20", "2026-11-15 12:30", "2027-02-15 12:30",
                     id="a quarter that begins when the calendar says"),
        pytest.param(calendar(months=12), "2026-11-20", "2026-01-01 00:00", "2027-01-01 00:00", id="a year"),
        pytest.param(calendar(months=12, start=at("2024-02-29 00:00")), "2027-02-27", "2026-02-28 00:00", "2027-02-28 00:00",
                     id="a year that begins on a day that it does not have"),
        pytest.param(calendar(months=1, start=at("2026-01-31 00:00")), "2026-03-30", "2026-02-28 00:00", "2026-03-31 00:00",
                     id="a month that is too short for the day begins on its last"),
        pytest.param(calendar("Europe/Berlin", days=7, start=at("2026-01-05 00:00")), "2026-11-18",
                     "2026-11-15 23:00", "2026-11-22 23:00", id="a week from Monday"),
        pytest.param(calendar("Europe/Berlin", days=1), "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00",
                     id="the day on which summer time begins has 23 hours"),
        pytest.param(calendar("Asia/Kolkata", days=1), "2026-11-20", "2026-11-19 18:30", "2026-11-20 18:30",
                     id="a zone that is half an hour off"),
        pytest.param(calendar(months=1, start=at("2027-01-01 00:00")), "2026-11-20", "2027-01-01 00:00", "2027-02-01 00:00",
                     id="before the first period there is the first"),
        pytest.param(ratio(window="24h", window_days=1), "2026-11-20", "2026-11-20 00:00", "2026-11-21 00:00",
                     id="a rolling window ends with the report day"),
    ],
)  # fmt: skip
def test_an_objectives_window_is(objective, report_day, start, end):
    window = own_window(objective, day(report_day))
    assert (window.start, window.end) == (at(start), at(end))


@pytest.mark.parametrize(
    ("zone", "report_day", "seen_until", "first_whole", "after_whole", "days", "has_parts"),
    [
        pytest.param("UTC", "2026-11-20", "2026-11-21 00:00", date(2026, 11, 1), date(2026, 11, 21), 20, False,
                     id="in UTC all days are whole"),
        pytest.param("UTC", "2026-11-01", "2026-11-02 00:00", date(2026, 11, 1), date(2026, 11, 2), 1, False,
                     id="the first day"),
        pytest.param("Europe/Berlin", "2026-11-20", "2026-11-21 00:00", date(2026, 11, 1), date(2026, 11, 21), 21, True,
                     id="the last hour of the day before is a part"),
        pytest.param("Europe/Berlin", "2026-11-30", "2026-11-30 23:00", date(2026, 11, 1), date(2026, 11, 30), 31, True,
                     id="and of the last day all but the last hour"),
        pytest.param("America/New_York", "2026-12-01", "2026-12-01 05:00", date(2026, 11, 2), date(2026, 12, 1), 31, True,
                     id="the first hours of the day after are a part"),
    ],
)  # fmt: skip
def test_a_report_day_sees_whole_days_and_parts(zone, report_day, seen_until, first_whole, after_whole, days, has_parts):
    window = own_window(calendar(zone, months=1), day(report_day))
    assert window.seen_until == at(seen_until)
    assert (window.first_whole_day, window.after_whole_days) == (first_whole, after_whole)
    assert (window.days, window.has_parts) == (days, has_parts)
    assert on_day(calendar(zone, months=1), day(report_day)).window_days == days


def test_a_window_within_two_days_has_no_whole_one():
    window = own_window(calendar("Asia/Kolkata", days=1), day("2026-11-20"))
    assert window.first_whole_day == window.after_whole_days == date(2026, 11, 20)
    assert (window.days, window.has_parts) == (2, True)


def test_nothing_of_a_window_is_seen_before_it_begins():
    window = own_window(calendar("Europe/Berlin", months=1, start=at("2027-01-01 00:00")), day("2026-11-20"))
    assert (window.start, window.seen_until) == (at("2026-12-31 23:00"), at("2026-12-31 23:00"))
    assert (window.days, window.has_parts) == (1, False)


def test_every_moment_is_in_one_period_and_every_period_is_once_seen_whole():
    objective = calendar("America/New_York", months=1)
    seen = [own_window(objective, date.fromordinal(date(2026, 1, 2).toordinal() + number)) for number in range(700)]
    starts = sorted({window.start for window in seen})
    assert len(starts) == 24  # January 2026 to December 2027
    assert [window.end for window in seen if window.seen_until == window.end] == starts[1:]


def test_a_calendars_window_comes_before_a_look_back_of_its_name():
    objective = ratio(window="7d", window_days=8, calendar=Calendar(at("2026-01-05 00:00"), "UTC", 0, 7))
    found = windows_on(objective, day("2026-11-18"))
    assert list(found) == ["7d", "1d", "3d", "28d"]
    assert (found["7d"].start, found["7d"].end) == (at("2026-11-16 00:00"), at("2026-11-23 00:00"))
    assert (found["3d"].start, found["3d"].end) == (at("2026-11-16 00:00"), at("2026-11-19 00:00"))
