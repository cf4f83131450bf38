"""Days and moments: where a day begins and ends, and microseconds since 1970."""

from datetime import date, datetime

import pytest

from assets.moments import end_of, microseconds, start_of


def test_a_day_ends_where_the_next_begins():
    assert end_of(date(2025, 12, 31)) == start_of(date(2026, 1, 1)) == datetime.fromisoformat("2026-01-01T00:00:00")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param("1970-01-01T00:00:01.000002", 1_000_002, id="after 1970"),
        pytest.param("1969-12-31T23:59:59.999999", -1, id="before 1970"),
    ],
)
def test_microseconds_are_counted_from_1970(moment, expected):
    assert microseconds(datetime.fromisoformat(moment)) == expected
