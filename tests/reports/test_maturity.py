"""Maturity: a report is final from the day on by whose end its newest operation can no longer change."""

from datetime import date

import pytest

from assets.reports.maturity import maturity_of, settled_on

NEWEST = date(2026, 11, 10)
HOUR = 3_600


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [
        # The newest operation started by the end of the 10th.
        pytest.param([{}], date(2026, 11, 14), id="a day of deadline and three for late deliveries, unless told otherwise"),
        pytest.param([{"deadline_seconds": 2 * HOUR}], date(2026, 11, 14), id="a part of a day is waited for as a whole one"),
        pytest.param([{"late_data_horizon_seconds": 48 * HOUR}], date(2026, 11, 13), id="what the objective allows to be late"),
        pytest.param(
            [{"deadline_seconds": 24 * HOUR, "value": 72.0 * HOUR}], date(2026, 11, 16), id="a threshold that ends later"
        ),
        pytest.param([{"value": 0.5 * HOUR}], date(2026, 11, 14), id="the deadline where the threshold ends earlier"),
        pytest.param([{}, {"deadline_seconds": 96 * HOUR}], date(2026, 11, 17), id="the objective that waits longest"),
        pytest.param([], NEWEST, id="nothing where nothing is judged"),
    ],
)
def test_a_report_is_settled_after(build, objectives: list[dict[str, float]], expected: date):
    assert settled_on(NEWEST, [build.objective(**changes) for changes in objectives]) == expected


def test_a_threshold_of_millennia_stays_within_the_calendar(build):
    assert settled_on(NEWEST, [build.objective(value=1e15)]) == date(2036, 11, 7)  # 3,650 days


@pytest.mark.parametrize(
    ("report_date", "settled", "expected"),
    [
        pytest.param(date(2026, 11, 13), date(2026, 11, 14), "preliminary", id="before it is settled"),
        pytest.param(date(2026, 11, 14), date(2026, 11, 14), "final", id="from the day on by whose end it is settled"),
        pytest.param(date(2026, 11, 13), None, "final", id="without any operation"),
    ],
)
def test_a_report_is_as_mature_as_its_newest_operation(report_date: date, settled: date | None, expected: str):
    assert maturity_of(report_date, settled=settled) == expected
