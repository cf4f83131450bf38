"""The ledger's arithmetic on what is delivered and what was taken in: what is due, what changed, where days are missing."""

from datetime import date
from pathlib import Path

import pytest

from assets.telemetry.landing import Delivery
from assets.telemetry.ledger import FAILED, REDELIVERED, TAKEN_IN, Plan, RecordedFile, changed_days, gaps, gone, plan


def day(number: int) -> date:
    return date(2026, 11, number)


def delivered(number: int, name: str, stamp: str = "s") -> Delivery:
    return Delivery(day(number), f"canonical/{day(number)}/{name}", "canonical", Path(name), stamp)


def recorded(number: int, name: str, *, status: str = TAKEN_IN, sha256: str = "h", stamp: str = "s") -> RecordedFile:
    return RecordedFile(f"canonical/{day(number)}/{name}", day(number), stamp, sha256, status)


def planned(present=(), known=(), *, upto=30, hashes=None) -> Plan:
    return plan(present, known, upto=day(upto), sha256_of_changed=hashes or {})


class TestPlan:
    def test_nothing_is_due_when_everything_delivered_is_known(self):
        assert planned([delivered(1, "a")], [recorded(1, "a")]) == Plan()

    def test_what_is_not_known_is_due_by_day_in_order_of_delivery(self):
        late, early, second = delivered(3, "a"), delivered(1, "b"), delivered(1, "a")
        result = planned([late, early, second], [])
        assert list(result.deliveries.items()) == [(day(1), [second, early]), (day(3), [late])]

    def test_days_after_the_last_one_wanted_are_not_due(self):
        assert list(planned([delivered(1, "a"), delivered(2, "a")], upto=1).deliveries) == [day(1)]

    @pytest.mark.parametrize("status", [TAKEN_IN, REDELIVERED])
    def test_a_file_that_is_gone_restates_its_day_and_says_so(self, status):
        result = planned([], [recorded(2, "a", status=status)])
        assert result.restate_from == day(2)
        assert result.reasons == ("landing/canonical/2026-11-02/a is gone since it was taken in; its day is taken in anew.",)

    def test_a_file_that_changed_restates_its_day_and_says_so(self):
        result = planned([delivered(2, "a", "t")], [recorded(2, "a")], hashes={"canonical/2026-11-02/a": "other"})
        assert result.restate_from == day(2)
        assert result.reasons == ("landing/canonical/2026-11-02/a changed since it was taken in; its day is taken in anew.",)

    def test_a_file_that_was_written_again_with_the_same_content_is_no_change(self):
        assert planned([delivered(2, "a", "t")], [recorded(2, "a")], hashes={"canonical/2026-11-02/a": "h"}) == Plan()

    def test_of_several_changes_the_earliest_day_is_restated_and_each_is_named(self):
        result = planned([], [recorded(3, "b"), recorded(2, "a")])
        assert result.restate_from == day(2)
        assert len(result.reasons) == 2

    def test_changes_after_the_last_day_wanted_wait(self):
        assert planned([], [recorded(5, "a")], upto=4) == Plan()

    def test_nothing_new_is_planned_while_something_has_to_be_restated(self):
        assert planned([delivered(1, "b")], [recorded(3, "a")]).deliveries == {}

    def test_a_file_that_could_not_be_read_is_due_again_and_may_be_gone(self):
        again = delivered(1, "a")
        assert planned([again], [recorded(1, "a", status=FAILED)]).deliveries == {day(1): [again]}
        assert planned([], [recorded(1, "a", status=FAILED)]) == Plan()


class TestChangedDays:
    def test_a_day_is_changed_by_a_file_that_is_new_other_or_gone(self):
        present = [delivered(1, "same"), delivered(2, "new"), delivered(3, "other", "t"), delivered(9, "late")]
        known = [recorded(1, "same"), recorded(3, "other"), recorded(4, "gone"), recorded(8, "late and gone")]
        assert changed_days(present, known, upto=day(7)) == {day(2), day(3), day(4)}

    def test_nothing_delivered_and_nothing_known_changes_nothing(self):
        assert changed_days([], [], upto=day(7)) == set()


class TestGaps:
    @pytest.mark.parametrize(
        ("delivery_days", "upto", "expected"),
        [
            pytest.param([], 3, [3], id="without any delivery the day itself is missing"),
            pytest.param([1, 2, 3], 3, [], id="days without a gap"),
            pytest.param([1, 3], 3, [2], id="a day between two deliveries"),
            pytest.param([1], 4, [2, 3, 4], id="every day since the last delivery"),
            pytest.param([2, 3], 3, [], id="days before the first delivery are no gap"),
            pytest.param([1, 5], 2, [2], id="later deliveries do not count"),
            pytest.param([5], 3, [3], id="a day before the first delivery"),
            pytest.param([3, 1, 1, 2], 3, [], id="several files on a day, in any order"),
        ],
    )
    def test_days_without_a_file_are_gaps(self, delivery_days, upto, expected):
        assert gaps(map(day, delivery_days), upto=day(upto)) == [day(number) for number in expected]


def test_gone_are_unreadable_files_of_days_looked_at_that_are_no_longer_there():
    known = [
        recorded(1, "gone", status=FAILED),
        recorded(1, "there", status=FAILED),
        recorded(2, "later", status=FAILED),
        recorded(1, "taken-in"),
    ]
    assert gone([delivered(1, "there")], known, upto=day(1)) == [f"canonical/{day(1)}/gone"]
