"""What moved between two revisions, on status rows whose counts are written in the tests."""

from typing import Any

import polars as pl
import pytest

from assets.reports.restated import changed_inputs, fleet_moves, slice_moves
from assets.reports.tables import moves


@pytest.fixture
def status(build) -> Any:
    """Rows of one objective as a status: (good, bad, values, ...)."""

    def frame(*rows: tuple[int, int, dict[str, Any]]) -> pl.DataFrame:
        given = build.Input()
        given.status = [build.status_row(build.objective(), good, bad, **more) for good, bad, more in rows]
        return given.data().status

    return frame


def test_the_fleets_figures_that_moved_are_told_by_window_with_both_sides(status):
    before = status((90, 10, {}), (9, 1, {"window": "1d"}), (40, 10, {"region": "eastus"}))
    after = status((95, 10, {}), (9, 1, {"window": "1d"}), (45, 10, {"region": "eastus"}))
    [moved] = fleet_moves(before, after)
    assert (moved.slo, moved.window, moved.values) == ("upgrade-success", "28d", {})
    assert (moved.before.good, moved.before.bad, moved.before.total, moved.before.sli) == (90, 10, 100, 0.9)
    assert (moved.after.good, moved.after.bad, moved.after.total, moved.after.sli) == (95, 10, 105, 95 / 105)
    assert (moved.has_other_counts, moved.has_other_verdict) == (True, False)


@pytest.mark.parametrize(
    ("window", "words"), [("4w", "28 days"), ("672h", "28 days"), ("1d", "1 day"), ("1M", "1 month"), ("2Q", "2 quarters")]
)
def test_a_window_is_told_in_days_unless_its_days_depend_on_the_month(status, window, words):
    moved = fleet_moves(status((9, 1, {"window": window})), status((8, 2, {"window": window})))
    [row] = moves(moved, ()).rows
    assert row.cells[1] == words


def test_a_verdict_can_move_without_a_count_when_the_target_does(status):
    before = status((90, 10, {}))
    after = before.with_columns(verdict=pl.lit("met"))
    [moved] = fleet_moves(before, after)
    assert (moved.has_other_counts, moved.has_other_verdict) == (False, True)


@pytest.mark.parametrize("name", ["pending", "excluded"])
def test_operations_that_are_not_decided_move_too(status, name: str):
    [moved] = fleet_moves(status((9, 1, {})), status((9, 1, {name: 2})))
    assert (moved.before.counts[name], moved.after.counts[name], moved.has_other_counts) == (0, 2, True)


def test_an_objective_that_is_new_or_gone_has_one_side_only(status):
    one = status((9, 1, {}))
    [new], [gone] = fleet_moves(one.clear(), one), fleet_moves(one, one.clear())
    assert (new.before, new.after.good) == (None, 9)
    assert (gone.before.good, gone.after) == (9, None)
    assert new.has_other_counts
    assert gone.has_other_counts


def test_the_same_figures_move_nothing(status, build):
    same = status((90, 10, {}), (40, 10, {"region": "eastus"}))
    assert fleet_moves(same, same) == slice_moves(same, same, [build.objective()]) == ()


def test_slices_are_ordered_by_the_operations_that_are_judged_otherwise_and_nested_ones_told_once(status, build):
    before = status(
        (90, 10, {}), (50, 5, {"region": "eastus"}), (30, 3, {"region": "westus2"}),
        (20, 2, {"region": "eastus", "workload_type": "web"}),
    )  # fmt: skip
    after = status(
        (94, 13, {}), (54, 6, {"region": "eastus"}), (30, 5, {"region": "westus2"}),
        (24, 3, {"region": "eastus", "workload_type": "web"}),
    )  # fmt: skip
    # eastus and its web moved by 4 + 1 each: the narrower says where; westus2 moved by 2.
    moved = slice_moves(before, after, [build.objective()])
    assert [(each.values, each.before.total, each.after.total) for each in moved] == [
        ({"region": "eastus", "workload_type": "web"}, 22, 27),
        ({"region": "westus2"}, 33, 35),
    ]


def test_a_slice_that_did_not_exist_had_no_operation(status, build):
    fleet = (90, 10, {})
    [moved] = slice_moves(status(fleet), status(fleet, (3, 1, {"region": "eastus"})), [build.objective()])
    assert (moved.before.total, moved.before.sli, moved.before.verdict) == (0, None, "no_data")
    assert moved.after.total == 4


def test_slices_of_look_backs_and_those_where_nothing_is_judged_otherwise_are_left_out(status, build):
    before = status((9, 1, {"region": "eastus", "window": "7d"}), (9, 1, {"region": "westus2"}))
    after = status((8, 2, {"region": "eastus", "window": "7d"}), (9, 1, {"region": "westus2", "pending": 1}))
    assert slice_moves(before, after, [build.objective()]) == ()


def test_at_most_ten_slices_are_told(status, build):
    rows = [(number, 0, {"region": f"region-{number}"}) for number in range(1, 31)]
    moved = slice_moves(status(), status(*rows), [build.objective()])
    assert [each.after.good for each in moved] == [30, 29, 28, 27, 26, 25, 24, 23, 22, 21]


def test_other_inputs_are_told_by_name_unless_one_of_the_manifests_does_not_know_them():
    before = {"inputs_sha256": "a", "inventory_sha256": "b", "objectives_sha256": "c", "code_version": "1", "revision": 1}
    after = {
        "inputs_sha256": "x",
        "inventory_sha256": "x",
        "objectives_sha256": "c",
        "code_version": "2",
        "reference_sha256": "x",
    }
    assert changed_inputs(before, after) == ("inventory", "code")
