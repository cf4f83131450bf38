"""The fold finds what bears on an operation however long ago it was, in steps of any size, with or without its key indexes."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.key_index import key_folder
from assets.telemetry.intake import IntakeUnfinished
from assets.telemetry.inventory import load_inventory
from assets.upgrades import fold as fold_module
from assets.upgrades.fold import Fold, stands_at
from tests.data.random_events import FAR_DAYS, travels
from tests.data.reference_fold import fold as reference_fold
from tests.data.reference_fold import read_events, read_inventory
from tests.data.small_home import Row, SmallHome, at, day, event, small_home

# Delivery days.
MARCH, MAY, JULY, NOVEMBER = "2026-03-02", "2026-05-31", "2026-07-02", "2026-11-22"


@pytest.fixture
def home(tmp_path) -> Iterator[SmallHome]:
    with small_home(tmp_path) as home:
        yield home


@pytest.fixture(params=[False, True], ids=["with its indexes", "with indexes that are made anew"])
def bring_to(home, request) -> Callable[[str], Fold]:
    """Take in and fold the deliveries up to a day, after losing the key indexes or not."""

    def bring(upto: str) -> Fold:
        if request.param:
            lose_indexes(home)
        home.take_in(upto)
        home.db.execute("DELETE FROM upgrades.touched_days")
        return home.fold(upto)

    return bring


def lose_indexes(home: SmallHome) -> None:
    shutil.rmtree(key_folder(home.folder / "warehouse.duckdb"), ignore_errors=True)


def start(number: int, moment: str, **more: Any) -> Row:
    """The start of `op-<number>` on node pool np."""
    return event("started", moment, operation=f"op-{number}", **{"node_pool": "np"} | more)


def end(state: str, number: int, moment: str, **more: Any) -> Row:
    return event(state, moment, operation=f"op-{number}", **{"node_pool": "np"} | more)


def success(number: int, began: str, ended: str, to_version: str, **more: Any) -> list[Row]:
    given = {"to_version": to_version} | more
    return [start(number, began, **given), end("succeeded", number, ended, **given)]


def column(home: SmallHome, name: str) -> dict[str, Any]:
    """One column of all operations, by operation id."""
    return {row["operation_id"]: row[name] for row in home.operations()}


# A version that is carried from long ago


def test_a_version_is_carried_from_a_success_of_months_ago_and_not_from_another_pools_since(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2", node_pool="np2"))
    home.deliver(NOVEMBER, start(3, "2026-11-22 08:00"))
    for upto in (MARCH, MAY):
        bring_to(upto)
    assert bring_to(NOVEMBER).operations == 1
    assert column(home, "from_version") == {"op-1": None, "op-2": None, "op-3": "1.30.9"}
    assert home.touched_days() == {"2026-11-22"}


def test_of_many_old_successes_the_last_before_each_start_is_carried(home, bring_to):
    home.deliver(
        MAY,
        *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.28.0"),
        *success(2, "2026-03-02 08:00", "2026-03-02 09:00", "1.29.0"),
        *success(3, "2026-05-30 08:00", "2026-05-30 09:00", "1.30.0"),
    )
    bring_to(MAY)
    home.deliver(NOVEMBER, start(4, "2026-03-01 09:00"), start(5, "2026-05-30 08:59"), start(6, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    expected = {"op-1": None, "op-2": "1.28.0", "op-3": "1.29.0", "op-4": "1.28.0", "op-5": "1.29.0", "op-6": "1.30.0"}
    assert column(home, "from_version") == expected


def test_a_success_that_turned_out_to_be_a_failure_is_passed_over_for_the_one_before(home, bring_to):
    # The index of successes goes on naming the day on which op-2 was held to have succeeded.
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2"))
    home.deliver(JULY, end("failed", 2, "2026-05-30 09:00", id="correction", observed_at="2026-07-02 08:00"))
    home.deliver(NOVEMBER, start(3, "2026-11-22 08:00"))
    for upto in (MARCH, MAY, JULY, NOVEMBER):
        bring_to(upto)
    assert column(home, "state") == {"op-1": "succeeded", "op-2": "failed", "op-3": "running"}
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.30.9"}


def test_when_a_success_turns_out_to_be_a_failure_those_that_rested_on_it_rest_on_the_one_before(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2"), start(3, "2026-05-31 08:00"))
    bring_to(MAY)
    assert column(home, "from_version")["op-3"] == "1.31.2"
    home.deliver(NOVEMBER, end("failed", 2, "2026-05-30 09:00", id="correction", observed_at="2026-11-22 08:00"))
    assert bring_to(NOVEMBER).operations == 2
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.30.9"}
    assert home.touched_days() == {"2026-05-30", "2026-05-31"}


def test_another_success_takes_the_place_of_one_that_turned_out_to_be_a_failure(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.29.0"))
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2"), start(3, "2026-05-31 08:00"))
    bring_to(MAY)
    home.deliver(
        JULY,
        end("failed", 2, "2026-05-30 09:00", id="correction", observed_at="2026-07-02 08:00"),
        *success(4, "2026-04-09 23:00", "2026-04-10 01:00", "1.30.9"),
    )
    bring_to(JULY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.30.9", "op-4": "1.29.0"}
    home.deliver(NOVEMBER, start(5, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version")["op-5"] == "1.30.9"


def test_the_only_success_that_turned_out_to_be_a_failure_leaves_no_version(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, start(2, "2026-05-31 08:00"))
    bring_to(MAY)
    assert column(home, "from_version")["op-2"] == "1.30.9"
    home.deliver(NOVEMBER, end("failed", 1, "2026-03-01 09:00", id="correction", observed_at="2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": None}


def test_a_success_that_took_no_time_is_its_own_predecessor_neither_when_it_comes_nor_later(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.29.0"))
    home.deliver(MAY, *success(2, "2026-05-30 09:00", "2026-05-30 09:00", "1.31.2"))
    for upto in (MARCH, MAY):
        bring_to(upto)
    assert column(home, "from_version")["op-2"] == "1.29.0"
    # A word on itself folds it again; an older success makes it a sibling that another version is carried to.
    home.deliver(JULY, start(2, "2026-05-30 09:00", id="once more", region="west"))
    bring_to(JULY)
    assert column(home, "from_version")["op-2"] == "1.29.0"
    home.deliver(NOVEMBER, *success(3, "2026-04-10 08:00", "2026-04-10 09:00", "1.30.9"), start(4, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.29.0", "op-4": "1.31.2"}


def test_a_success_that_took_no_time_rests_on_the_one_before_when_the_last_before_turned_out_to_be_a_failure(home, bring_to):
    # It is what finished last at its own start, and is looked past for one of months before.
    home.deliver(
        MAY,
        *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.29.0"),
        *success(2, "2026-04-10 08:00", "2026-04-10 09:00", "1.30.9", from_version="1.29.1"),
        *success(3, "2026-05-30 09:00", "2026-05-30 09:00", "1.31.2"),
    )
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.29.1", "op-3": "1.30.9"}
    home.deliver(NOVEMBER, end("failed", 2, "2026-04-10 09:00", id="correction", observed_at="2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.29.1", "op-3": "1.29.0"}


def test_a_success_that_ended_before_it_began_is_passed_over_for_one_that_ended_earlier_still(home, bring_to):
    # By a skewed clock op-2 ended on the day before its start, and it is the last that did.
    home.deliver(
        MARCH,
        *success(1, "2026-02-27 08:00", "2026-02-27 09:00", "1.29.0"),
        *success(2, "2026-03-02 00:10", "2026-03-01 23:50", "1.31.2"),
    )
    bring_to(MARCH)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.29.0"}
    home.deliver(NOVEMBER, *success(3, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.29.0"}


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param(("2026-05-30 07:00", "2026-05-30 08:00"), "1.30.9", id="one before the start, on the same day"),
        pytest.param(("2026-05-29 23:00", "2026-05-30 00:30"), "1.30.9", id="one that began on the day before"),
        pytest.param(("2026-03-01 07:00", "2026-03-01 08:00"), "1.30.9", id="one of months before"),
        pytest.param(("2026-05-30 07:00", "2026-05-30 09:30"), None, id="none, when both are after the start"),
    ],
)
def test_beside_a_success_that_comes_later_on_the_day_of_a_start_is_carried(home, bring_to, earlier, expected):
    home.deliver(
        MAY,
        *success(1, *earlier, "1.30.9"),
        *success(2, "2026-05-30 08:30", "2026-05-30 10:00", "1.31.2"),
    )
    bring_to(MAY)
    home.deliver(NOVEMBER, start(3, "2026-05-30 09:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version")["op-3"] == expected


def test_a_late_file_with_an_old_success_comes_between_an_older_one_and_the_operations_after_it(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.29.0"))
    home.deliver(NOVEMBER, start(2, "2026-05-30 08:59"), start(3, "2026-05-30 09:00"), start(5, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.29.0", "op-3": "1.29.0", "op-5": "1.29.0"}
    home.deliver(MAY, *success(4, "2026-05-30 08:00", "2026-05-30 09:00", "1.30.9"))
    assert bring_to(NOVEMBER).operations == 3
    expected = {"op-1": None, "op-2": "1.29.0", "op-3": "1.30.9", "op-4": "1.29.0", "op-5": "1.30.9"}
    assert column(home, "from_version") == expected
    assert home.touched_days() == {"2026-05-30", "2026-11-22"}
    bring_to(MARCH)
    assert column(home, "from_version") == {"op-1": None}
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-4": "1.29.0"}
    bring_to(NOVEMBER)
    assert column(home, "from_version") == expected


def test_a_success_that_moves_to_a_later_day_is_carried_from_then_on_and_no_longer_before(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-29 08:00", "2026-05-29 09:00", "1.31.2"), start(3, "2026-05-30 08:00"))
    bring_to(MAY)
    assert column(home, "from_version")["op-3"] == "1.31.2"
    home.deliver(JULY, end("succeeded", 2, "2026-07-01 09:00", to_version="1.31.2"))
    bring_to(JULY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.30.9"}
    home.deliver(NOVEMBER, start(4, "2026-06-30 08:00"), start(5, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") | {"op-4": "1.30.9", "op-5": "1.31.2"} == column(home, "from_version")


def test_a_success_that_moves_to_an_earlier_day_is_carried_from_then_on(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, start(3, "2026-04-20 08:00"), *success(2, "2026-04-10 08:00", "2026-05-30 09:00", "1.31.2"))
    bring_to(MAY)
    assert column(home, "from_version")["op-3"] == "1.30.9"
    home.deliver(NOVEMBER, end("succeeded", 2, "2026-04-11 09:00", to_version="1.31.2", observed_at="2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.31.2"}


def test_a_success_that_turns_out_to_have_begun_on_another_day_is_carried_still(home, bring_to):
    # It stands on another start-day from then on; the index names both.
    home.deliver(MAY, *success(1, "2026-05-30 00:10", "2026-05-30 09:00", "1.30.9"))
    bring_to(MAY)
    home.deliver(JULY, start(1, "2026-05-29 23:50", to_version="1.30.9"))
    bring_to(JULY)
    home.deliver(NOVEMBER, start(2, "2026-11-22 08:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9"}


def test_another_version_of_an_old_success_reaches_those_that_rest_on_it(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, start(2, "2026-05-30 08:00"), start(3, "2026-05-30 08:00", from_version="1.28.0"))
    bring_to(MAY)
    home.deliver(NOVEMBER, end("succeeded", 1, "2026-03-01 09:00", id="correction", to_version="1.30.10"))
    assert bring_to(NOVEMBER).operations == 2
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.10", "op-3": "1.28.0"}


def test_a_success_that_moves_to_another_pool_is_carried_there_and_no_longer_here(home, bring_to):
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, start(2, "2026-05-30 08:00"), start(3, "2026-05-30 08:00", node_pool="np2"))
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": None}
    home.deliver(NOVEMBER, end("succeeded", 1, "2026-03-01 09:00", id="correction", node_pool="np2"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": None, "op-3": "1.30.9"}


# Attempts that are far apart


def test_attempts_of_one_named_upgrade_are_numbered_though_months_apart(home, bring_to):
    home.deliver(MARCH, start(1, "2026-03-01 08:00", upgrade_id="wave-7"), end("failed", 1, "2026-03-01 09:00"))
    home.deliver(NOVEMBER, start(2, "2026-11-20 08:00", upgrade_id="wave-7"))
    for upto in (MARCH, NOVEMBER):
        bring_to(upto)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2}
    home.deliver(MAY, start(3, "2026-05-30 08:00", upgrade_id="wave-7"), start(4, "2026-05-30 08:00", upgrade_id="wave-8"))
    assert bring_to(NOVEMBER).operations == 3
    assert column(home, "attempt") == {"op-1": 1, "op-2": 3, "op-3": 2, "op-4": 1}
    assert home.touched_days() == {"2026-05-30", "2026-11-20"}


def test_attempts_at_one_version_share_an_upgrade_though_months_apart(home, bring_to):
    home.deliver(MARCH, start(1, "2026-03-01 08:00", to_version="1.31.2"), end("failed", 1, "2026-03-01 09:00"))
    home.deliver(NOVEMBER, start(2, "2026-11-20 08:00", to_version="1.31.2"))
    for upto in (MARCH, NOVEMBER):
        bring_to(upto)
    assert column(home, "upgrade_id") == {"op-1": "c/op-1", "op-2": "c/op-1"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2}
    home.deliver(NOVEMBER, end("succeeded", 1, "2026-03-01 10:00", to_version="1.31.2"), name="correction.ndjson")
    bring_to(NOVEMBER)
    assert column(home, "upgrade_id") == {"op-1": "c/op-1", "op-2": "c/op-2"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1}


def test_an_upgrade_id_that_is_corrected_renumbers_the_upgrade_it_leaves_and_the_one_it_joins(home, bring_to):
    home.deliver(MARCH, start(1, "2026-03-01 08:00", upgrade_id="wave-7"))
    home.deliver(MAY, start(2, "2026-05-30 08:00", upgrade_id="wave-7"))
    home.deliver(JULY, start(3, "2026-07-01 08:00", upgrade_id="wave-8"))
    for upto in (MARCH, MAY, JULY):
        bring_to(upto)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 1}
    home.deliver(NOVEMBER, start(1, "2026-03-01 08:00", id="correction", upgrade_id="wave-8", observed_at="2026-11-22 08:00"))
    assert bring_to(NOVEMBER).operations == 3
    assert column(home, "upgrade_id") == {"op-1": "wave-8", "op-2": "wave-7", "op-3": "wave-8"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}
    bring_to(JULY)
    assert column(home, "attempt") == {"op-1": 1, "op-2": 2, "op-3": 1}


def test_an_upgrade_id_that_comes_late_takes_an_operation_out_of_the_upgrade_that_its_version_put_it_in(home, bring_to):
    home.deliver(MARCH, start(1, "2026-03-01 08:00", to_version="1.31.2"))
    home.deliver(MAY, start(2, "2026-05-30 08:00", to_version="1.31.2"))
    bring_to(MAY)
    assert column(home, "upgrade_id") == {"op-1": "c/op-1", "op-2": "c/op-1"}
    home.deliver(NOVEMBER, end("failed", 1, "2026-03-01 09:00", upgrade_id="wave-7"))
    bring_to(NOVEMBER)
    assert column(home, "upgrade_id") == {"op-1": "wave-7", "op-2": "c/op-2"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1}


def test_another_version_moves_an_operation_to_another_upgrade(home, bring_to):
    home.deliver(MARCH, start(1, "2026-03-01 08:00", to_version="1.30.9"))
    home.deliver(MAY, start(2, "2026-05-30 08:00", to_version="1.30.9"))
    home.deliver(JULY, start(3, "2026-07-01 08:00", to_version="1.31.2"))
    for upto in (MARCH, MAY, JULY):
        bring_to(upto)
    assert column(home, "upgrade_id") == {"op-1": "c/op-1", "op-2": "c/op-1", "op-3": "c/op-3"}
    home.deliver(NOVEMBER, end("failed", 1, "2026-03-01 09:00", to_version="1.31.2"))
    bring_to(NOVEMBER)
    assert column(home, "upgrade_id") == {"op-1": "c/op-1", "op-2": "c/op-2", "op-3": "c/op-1"}
    assert column(home, "attempt") == {"op-1": 1, "op-2": 1, "op-3": 2}


# What changes folds, and nothing else


def test_another_inventory_folds_the_operations_of_the_clusters_that_changed_and_no_others(home, bring_to):
    home.inventory("c,,west,,,,", "d,,west,,,,", "e,,west,,,,2026-05-01", "e,,north,,,2026-05-01,")
    home.deliver(
        NOVEMBER,
        *(start(number, "2026-03-01 08:00", cluster=cluster) for number, cluster in enumerate(["c", "d", "e", "f"])),
        start(4, "2026-11-22 08:00", cluster="e"),
    )
    assert bring_to(NOVEMBER).operations == 5
    assert column(home, "region") == {"op-0": "west", "op-1": "west", "op-2": "west", "op-3": "unknown", "op-4": "north"}
    # c changes, d stays though its line moves, e's border moves, f gets a line; g has one and no operation.
    home.inventory("d,,west,,,,", "c,,east,,,,", "e,,west,,,,2026-12-01", "f,,south,,,,", "g,,south,,,,")
    assert bring_to(NOVEMBER).operations == 4
    assert column(home, "region") == {"op-0": "east", "op-1": "west", "op-2": "west", "op-3": "south", "op-4": "west"}
    assert home.touched_days() == {"2026-03-01", "2026-11-22"}
    changed = home.stored_operations()
    home.start_again()
    bring_to(NOVEMBER)
    assert home.stored_operations() == changed


def test_a_line_that_goes_folds_its_cluster_again(home, bring_to):
    home.inventory("c,,west,,,,", "d,,west,,,,")
    home.deliver(MAY, start(1, "2026-03-01 08:00"), start(2, "2026-03-01 08:00", cluster="d"))
    bring_to(MAY)
    home.inventory("d,,west,,,,")
    assert bring_to(MAY).operations == 1
    assert column(home, "region") == {"op-1": "unknown", "op-2": "west"}


def test_a_new_cluster_without_operations_and_other_words_for_the_same_fold_nothing(home, bring_to):
    home.inventory("c,,west,,,,")
    home.deliver(MAY, start(1, "2026-03-01 08:00"))
    bring_to(MAY)
    home.inventory("c,,west,,,,", "new,,west,,,,")
    assert bring_to(MAY) == Fold(operations=0, days=0)
    home.inventory("new,,west,,,,", "c,,west,,,, ")
    assert bring_to(MAY) == Fold(operations=0, days=0)


def test_an_inventory_that_changes_twice_before_the_next_fold_folds_what_changed_either_time(home, bring_to):
    home.inventory("c,,west,,,,", "d,,west,,,,")
    home.deliver(MAY, *(start(number, "2026-03-01 08:00", cluster=cluster) for number, cluster in enumerate("cde")))
    bring_to(MAY)
    home.inventory("c,,east,,,,", "d,,west,,,,")
    home.fold(MARCH)  # nothing was delivered by then
    assert home.operations() == []
    bring_to(MAY)
    assert column(home, "region") == {"op-0": "east", "op-1": "west", "op-2": "unknown"}
    for lines in (("c,,north,,,,", "d,,west,,,,"), ("c,,north,,,,", "d,,south,,,,")):
        home.inventory(*lines)
        load(home)
    assert bring_to(MAY).operations == 2
    assert column(home, "region") == {"op-0": "north", "op-1": "south", "op-2": "unknown"}


def load(home: SmallHome) -> None:
    """Load the inventory without folding, as taking in deliveries does."""
    with home.transaction() as db:
        load_inventory(db, home.folder / "inventory")


def test_a_provider_from_another_inventory_takes_operations_to_other_siblings(home, bring_to):
    # op-2 names no provider: with one from the inventory it is on the resource that op-1 names in full.
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9", provider="aks"))
    home.deliver(MAY, start(2, "2026-05-30 08:00"))
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": None}
    home.inventory("c,,,,aks,,")
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9"}
    home.inventory("c,,,,gke,,")
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": None}


@pytest.mark.parametrize("events_at_once", [1, 3, 1000])
def test_other_code_starts_again_and_comes_to_the_same(home, bring_to, monkeypatch, events_at_once):
    monkeypatch.setattr(fold_module, "_EVENTS_AT_ONCE", events_at_once)
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-30 09:00", "2026-05-30 09:00", "1.31.2"), start(3, "2026-05-31 08:00"))
    home.deliver(NOVEMBER, end("failed", 2, "2026-05-30 10:00"))
    bring_to(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.30.9"}
    before = home.stored_operations()
    monkeypatch.setattr(fold_module, "code_sha256", lambda _package: "another fold")
    bring_to(NOVEMBER)
    assert home.stored_operations() == before
    assert home.touched_days() == {"2026-03-01", "2026-05-30", "2026-05-31"}
    assert bring_to(NOVEMBER).operations == 0


# Steps


def test_a_long_way_is_gone_in_steps_of_whole_delivery_days(home, monkeypatch):
    monkeypatch.setattr(fold_module, "_EVENTS_AT_ONCE", 3)
    home.deliver(MARCH, start(1, "2026-03-01 08:00"), start(2, "2026-03-01 08:00"))
    home.deliver(MAY, start(3, "2026-05-30 08:00"))
    home.deliver(JULY, *(start(number, "2026-07-01 08:00") for number in range(4, 9)))
    home.take_in(NOVEMBER)
    told: list[tuple[date, int, int]] = []
    fold_module.fold(home.db, day=day(NOVEMBER), inventory_sha256="", progress=lambda *each: told.append(each))
    # Two events and one fit into a step; five are one day's, and fit into none.
    assert told == [(day(MAY), 0, 2), (day(NOVEMBER), 1, 2)]
    assert len(home.operations()) == 8
    assert stands_at(home.db) == day(NOVEMBER)


def test_a_fold_that_is_interrupted_between_two_steps_goes_on_from_there(home, monkeypatch):
    monkeypatch.setattr(fold_module, "_EVENTS_AT_ONCE", 1)
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2"))
    home.deliver(NOVEMBER, start(3, "2026-11-22 08:00"))
    home.take_in(NOVEMBER)

    def stop(_day: date, done: int, _due: int) -> None:
        if done == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fold_module.fold(home.db, day=day(NOVEMBER), inventory_sha256="", progress=stop)
    assert (stands_at(home.db), column(home, "from_version")) == (day(MARCH), {"op-1": None})
    home.fold(NOVEMBER)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": "1.31.2"}
    # The days of the first step are still to be counted.
    assert home.touched_days() == {"2026-03-01", "2026-05-30", "2026-11-22"}


def test_a_fold_that_is_interrupted_in_the_middle_of_a_step_leaves_everything_as_it_was(home, bring_to, monkeypatch):
    monkeypatch.setattr(fold_module, "_EVENTS_AT_ONCE", 1)
    home.deliver(MARCH, *success(1, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    bring_to(MARCH)
    before = home.stored_operations()
    home.deliver(MAY, *success(2, "2026-05-30 08:00", "2026-05-30 09:00", "1.31.2"), start(3, "2026-05-31 08:00", cluster="d"))
    home.take_in(MAY)
    fold_part = fold_module._fold_part

    def stop(db, step, bucket) -> int:
        folded = fold_part(db, step, bucket)
        if bucket == step.buckets - 1:
            raise InterruptedError
        return folded

    monkeypatch.setattr(fold_module, "_fold_part", stop)
    with pytest.raises(InterruptedError):
        home.fold(MAY)
    assert home.stored_operations() == before
    monkeypatch.setattr(fold_module, "_fold_part", fold_part)
    bring_to(MAY)
    assert column(home, "from_version") == {"op-1": None, "op-2": "1.30.9", "op-3": None}


def test_nothing_is_folded_while_events_are_missing(home):
    home.deliver(MAY, start(1, "2026-05-30 08:00"))
    home.take_in(MAY)
    home.fold(MAY)
    home.db.execute("INSERT INTO telemetry.unfinished VALUES (?)", [day(JULY)])
    home.fold(MAY)
    with pytest.raises(IntakeUnfinished, match="from 2026-07-02 on was interrupted; needed: all of them up to 2026-11-22"):
        home.fold(NOVEMBER)
    assert stands_at(home.db) == day(MAY)


@pytest.mark.slow
def test_an_old_success_on_a_pool_with_very_many_operations_is_no_trouble(home):
    # Each of them asked for all successes of its day: forty thousand took twelve gigabytes.
    moments = [at("2026-05-30 00:00") + timedelta(seconds=4 * each) for each in range(20_000)]
    ended = timedelta(seconds=2)
    home.deliver(
        MAY, *(each for n, moment in enumerate(moments) for each in success(n, str(moment), str(moment + ended), "1.31.2"))
    )
    home.take_in(MAY)
    home.fold(MAY)
    home.deliver(JULY, *success(20_000, "2026-03-01 08:00", "2026-03-01 09:00", "1.30.9"))
    home.take_in(JULY)
    began = time.process_time()
    assert home.fold(JULY).operations == 2
    assert time.process_time() - began < 4
    assert (home.operation("op-0")["from_version"], home.operation("op-1")["from_version"]) == ("1.30.9", "1.31.2")


# Few, because each builds a warehouse and folds it again and again; hundreds were tried when the tests were written.
SMALL = settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SMALL
@given(travels(), st.integers(1, 5))
def test_in_steps_and_parts_of_any_size_the_operations_are_those_of_a_plain_reading_of_the_contract(
    tmp_path_factory, steps, events_at_once
):
    folder = tmp_path_factory.mktemp("home")
    with small_home(folder) as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold_module, "_EVENTS_AT_ONCE", events_at_once)
        for number, step in enumerate(steps):
            for delivery_day, events in step.late.items():
                home.deliver(delivery_day, *events, name=f"{number}.ndjson")
            home.inventory(*step.inventory)
            if step.is_lost:
                lose_indexes(home)
            home.take_in(FAR_DAYS[-1])
            home.fold(step.upto)
            events, inventory = read_events(folder / "landing"), read_inventory(folder / "inventory")
            expected = reference_fold(events, inventory, upto=day(step.upto))
            assert home.operations() == expected
            running = home.rows("SELECT cluster_id, operation_id FROM upgrades.running ORDER BY ALL")
            assert [(row["cluster_id"], row["operation_id"]) for row in running] == [
                (row["cluster_id"], row["operation_id"]) for row in expected if row["state"] == "running"
            ]
