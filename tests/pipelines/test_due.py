"""Which days are due: by hand, on days of one week."""

from datetime import date
from pathlib import Path

import pytest

from assets.telemetry.landing import Delivery
from pipelines.due import ATTEMPTS, changed_days, deliveries_by, missed_days, next_attempts


def d(day: int) -> date:
    return date(2026, 11, day)


def delivery(day: int, *, name: str = "a", stamp: str = "1") -> Delivery:
    path = f"canonical/{d(day)}/{name}.ndjson"
    return Delivery(day=d(day), path=path, source="canonical", location=Path(path), stamp=stamp)


@pytest.mark.parametrize(
    ("published", "delivered", "today", "due"),
    [
        pytest.param([], [], 20, [], id="nothing is due before the first delivery"),
        pytest.param([], [17, 18, 19], 20, [19], id="a new home begins with the last complete day, not with its past"),
        pytest.param([], [17], 20, [17, 18, 19], id="deliveries that stopped are due up to yesterday, so that a gap is refused"),
        pytest.param([], [20], 20, [], id="today is not over and not due"),
        pytest.param([18], [17, 18, 19], 20, [19], id="yesterday is due"),
        pytest.param([15], [14, 15, 16, 17, 18, 19], 20, [16, 17, 18, 19], id="after an outage every missed day is due"),
        pytest.param([18], [17, 18], 20, [19], id="a day without a delivery is due: its refusal says what is missing"),
        pytest.param([19], [17, 18, 19, 20], 20, [], id="a home that is up to date has nothing due"),
        pytest.param([16, 19], [16, 17, 18, 19], 20, [17, 18], id="a day that was refused between published ones stays due"),
        pytest.param([19, 25], [19], 20, [], id="a report of the future makes nothing due"),
    ],
)
def test_missed_days(published, delivered, today, due):
    assert missed_days(published={*map(d, published)}, delivered={*map(d, delivered)}, today=d(today)) == [*map(d, due)]


@pytest.mark.parametrize(
    ("published", "changed", "stale", "due"),
    [
        pytest.param([17, 18, 19], [], [], [], id="nothing changed, nothing due"),
        pytest.param([17, 18, 19], [18], [], [18, 19], id="a late file restates its day and every later one"),
        pytest.param([17, 18, 19], [16], [], [17, 18, 19], id="a file before the first report restates them all"),
        pytest.param([17, 18], [19], [], [], id="a file of a day after the last report is not late"),
        pytest.param([17, 18, 19], [], [17], [17], id="a report on other inputs than the ledger's is due again"),
        pytest.param([17, 19], [18], [18], [19], id="only published days are restated"),
        pytest.param([19, 17], [17], [19], [17, 19], id="days come oldest first and once"),
    ],
)
def test_changed_days(published, changed, stale, due):
    days = changed_days(published=[*map(d, published)], changed=map(d, changed), stale=map(d, stale))
    assert days == [*map(d, due)]


def test_the_hash_of_deliveries_is_that_of_the_files_up_to_the_day():
    before = [delivery(17), delivery(18)]
    assert deliveries_by(before, d(18)) == deliveries_by(reversed(before), d(18))
    assert deliveries_by([*before, delivery(19)], d(18)) == deliveries_by(before, d(18))
    for changed in (
        [delivery(17)],
        [*before, delivery(17, name="b")],
        [delivery(17, stamp="2"), delivery(18)],
        [delivery(17, name="b"), delivery(18)],
    ):
        assert deliveries_by(changed, d(18)) != deliveries_by(before, d(18))


def test_a_day_is_tried_a_bounded_number_of_times_with_the_same_deliveries():
    present = [delivery(17)]
    by = deliveries_by(present, d(17))
    tries = [next_attempts([d(17)], deliveries=present, attempts={(d(17), by): failed}) for failed in range(ATTEMPTS + 1)]
    assert tries == [[(d(17), by, 1)], [(d(17), by, 2)], [(d(17), by, 3)], []]


def test_changed_deliveries_give_a_day_its_attempts_back():
    used_up = {(d(17), deliveries_by([delivery(17)], d(17))): ATTEMPTS}
    mended = [delivery(17, stamp="2")]
    assert next_attempts([d(17)], deliveries=mended, attempts=used_up) == [(d(17), deliveries_by(mended, d(17)), 1)]


def test_a_used_up_day_does_not_take_the_place_of_others():
    present = [delivery(1)]
    days = [d(day) for day in range(1, 30)]
    used_up = {(day, deliveries_by(present, day)): ATTEMPTS for day in days[:5]}
    asked = next_attempts(days, deliveries=present, attempts=used_up, most=10)
    assert [day for day, _, _ in asked] == days[5:15]
