"""Slices that stand out, and the version × region map."""

import pytest

from assets.reports.findings import title_excess
from assets.reports.scores import scores
from assets.reports.slices import apart, missed, slices, standing_out, version_by_region, version_key


def with_slices(build, rows, **changes):
    """The fleet of 10,000 with 300 bad at 99 %, and the slices given as (good, bad, values)."""
    slo = build.objective(**changes)
    given = build.Input().add(slo, [(9_700, 300)])
    given.status += [build.status_row(slo, good, bad, **values) for good, bad, values in rows]
    return slo, given.data()


def test_slices_that_miss_are_ranked_by_how_far_they_are_beyond_chance(build):
    slo, data = with_slices(
        build,
        [
            (4_000, 20, {"region": "eastus"}),  # below its budget of 40
            (900, 100, {"region": "westeurope"}),  # 90 beyond its 10: 90 / sqrt(10) = 28.46
            (1_800, 150, {"to_version": "1.31.2"}),  # 130.5 beyond its 19.5: 130.5 / sqrt(19.5) = 29.55
            (15, 6, {"workload_type": "ml_batch"}),  # 5.79 beyond its 0.21, taken for 0.25: 5.79 / 0.5 = 11.58
        ],
    )
    found = missed(slices(data.status, slo))
    assert [each.name for each in found] == ["1.31.2", "westeurope", "ml_batch"]
    assert [each.sharpness for each in found] == pytest.approx([29.5525, 28.4605, 11.58], abs=1e-3)
    assert [each.excess for each in found] == [150 - 20, 90, 5.8]


def test_a_slice_of_the_very_operations_of_a_wider_one_is_left_out(build):
    slo, data = with_slices(
        build,
        [
            (900, 100, {"region": "westeurope", "workload_type": "ml_batch"}),
            (900, 100, {"region": "westeurope"}),
            (800, 90, {"to_version": "v1.31.2-gke.1"}),
            (800, 90, {"to_minor": "1.31"}),
        ],
    )
    assert [each.name for each in missed(slices(data.status, slo))] == ["westeurope", "1.31"]


def test_different_slices_with_equal_counts_are_both_listed(build):
    slo, data = with_slices(build, [(90, 10, {"region": "eastus"}), (90, 10, {"region": "westeurope"})])
    assert [each.name for each in missed(slices(data.status, slo))] == ["eastus", "westeurope"]


def test_a_slice_that_is_the_whole_fleet_does_not_stand_out_and_small_ones_are_not_judged(build):
    _, data = with_slices(
        build, [(9_700, 300, {"provider": "aks"}), (10, 9, {"region": "tiny"}), (80, 20, {"region": "westeurope"})]
    )
    focus = standing_out(data, scores(data))
    assert [each.name for each in focus.slices] == ["westeurope"]
    assert focus.judged == 1  # westeurope: aks is the fleet, tiny is too small
    assert not focus.is_one


def test_a_fleet_of_one_slice_has_nothing_to_set_apart(build):
    # A missed fleet that runs one version: it must not be said that none of its slices misses the target.
    _, data = with_slices(build, [(9_700, 300, {"provider": "aks"}), (9_700, 300, {"to_version": "1.31.2"})])
    focus = standing_out(data, scores(data))
    assert (focus.judged, focus.slices, focus.is_one) == (0, [], True)
    assert title_excess(focus) == "every slice with enough upgrades is the whole fleet; there is nothing to set apart"


def test_slices_of_another_window_or_objective_are_not_mixed_in(build):
    slo, data = with_slices(build, [(80, 20, {"region": "westeurope", "window": "7d"})])
    assert slices(data.status, slo) == []


def test_a_broad_slice_does_not_stand_above_the_bad_one_that_it_holds(build):
    slo, data = with_slices(
        build,
        [
            (8_800, 200, {"workload_type": "ml_batch"}),  # 110 / sqrt(90) = 11.6
            (1_030, 110, {"region": "westeurope", "workload_type": "ml_batch"}),  # 98.6 / sqrt(11.4) = 29.2
        ],
    )
    assert [each.name for each in missed(slices(data.status, slo))] == ["westeurope · ml_batch", "ml_batch"]


def test_slices_that_hold_or_lie_in_one_further_up_are_not_drawn_again(build):
    slo, data = with_slices(
        build,
        [
            (700, 100, {"region": "westeurope", "workload_type": "ml_batch"}),
            (8_000, 200, {"workload_type": "ml_batch"}),  # holds the first
            (300, 30, {"to_version": "1.31.2", "region": "westeurope", "workload_type": "ml_batch"}),  # lies in the first
            (900, 60, {"region": "eastus"}),
        ],
    )
    found = missed(slices(data.status, slo))
    assert len(found) == 4
    assert [each.name for each in apart(found)] == ["westeurope · ml_batch", "eastus"]


def test_the_interval_of_the_excess_is_the_status_interval_in_operations(build):
    slo, data = with_slices(build, [(900, 100, {"region": "westeurope"})])
    [only] = slices(data.status, slo)
    # Wilson 95 % of 100/1000 is .0829 to .1202; 10 are allowed.
    assert only.excess_interval == (pytest.approx(72.9, abs=0.1), pytest.approx(110.2, abs=0.1))


def test_versions_sort_numerically_with_the_unversioned_last():
    names = ["unknown", "1.10.0", "v1.9.12-gke.3", "1.9.2", "1.31.2"]
    assert sorted(names, key=version_key) == ["1.9.2", "v1.9.12-gke.3", "1.10.0", "1.31.2", "unknown"]


def test_a_cell_is_coloured_only_when_its_whole_interval_is_on_one_side(build):
    slo, data = with_slices(
        build,
        [
            (3_000, 3, {"to_version": "1.30.9", "region": "eastus"}),  # 0.1 %: 99 % interval .02 to .43 %
            (985, 15, {"to_version": "1.30.9", "region": "westeurope"}),  # 1.5 %: the interval holds 1 %
            (4_900, 100, {"to_version": "1.31.2", "region": "eastus"}),  # 2 %, twice the budget
            (970, 30, {"to_version": "1.31.2", "region": "westeurope"}),  # 3 %
            (900, 100, {"to_version": "1.31.10", "region": "eastus"}),  # 10 %
            (19, 10, {"to_version": "1.31.10", "region": "westeurope"}),  # 29: too few, however bad
        ],
    )
    found = version_by_region(data.status, slo)
    assert found.versions == ("1.30.9", "1.31.2", "1.31.10")
    assert [[cell.tint for cell in row] for row in found.rows] == [["0", "1"], ["2", "3"], ["4", "few"]]
    assert [cell.is_above for cell in found.rows[1]] == [True, True]


def test_a_pair_without_operations_is_an_empty_cell(build):
    slo, data = with_slices(
        build,
        [
            (990, 10, {"to_version": "1.30.9", "region": "eastus"}),
            (990, 10, {"to_version": "1.31.2", "region": "westeurope"}),
        ],
    )
    found = version_by_region(data.status, slo)
    assert [[cell.tint for cell in row] for row in found.rows] == [["1", "none"], ["none", "1"]]
    assert len(found.cells) == 2


def test_of_very_many_regions_the_busiest_are_drawn_and_the_rest_counted(build):
    rows = [(1_000 + number, 10, {"to_version": "1.31.2", "region": f"r{number:02}"}) for number in range(20)]
    slo, data = with_slices(build, rows)
    found = version_by_region(data.status, slo)
    assert found.regions == tuple(f"r{number:02}" for number in range(8, 20))
    assert (found.regions_left_out, found.versions_left_out) == (8, 0)


def test_without_slices_by_version_and_region_there_is_no_map(build):
    slo, data = with_slices(build, [(990, 10, {"region": "eastus"})])
    assert version_by_region(data.status, slo) is None
