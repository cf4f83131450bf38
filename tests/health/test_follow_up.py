"""Durations read from a home: which operations count, for which slice, and as what."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from assets.health.follow_up import Durations, read_durations
from assets.slo.objectives import load_objectives
from tests.data.whole_home import WholeHome, lines_of, new_home

DAY = date(2026, 11, 19)


@pytest.fixture
def whole(tmp_path: Path) -> WholeHome:
    return new_home(tmp_path / "home")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read(home: WholeHome) -> Durations:
    home.bring_to(DAY)
    with home.warehouse.transaction() as db:
        return read_durations(db, day=DAY, objectives=load_objectives(home.home.objectives))


def test_every_state_counts_as_what_it_tells_and_each_slice_has_its_own(whole: WholeHome):
    whole.deliver(
        DAY,
        *lines_of("quick", at("2026-11-19 08:00"), seconds=600),
        *lines_of("slow", at("2026-11-19 08:00"), seconds=5_000, region="eastus"),
        *lines_of("broken", at("2026-11-19 08:00"), seconds=60, outcome="failed"),
        *lines_of("young", at("2026-11-19 23:55"), seconds=None),
        *lines_of("old", at("2026-11-19 08:00"), seconds=None, region="eastus"),
        *lines_of("withdrawn", at("2026-11-19 08:00"), seconds=30, outcome="cancelled"),
        *lines_of("too-early", at("2026-11-12 23:59"), seconds=10),
    )
    found = read(whole).slices
    assert found["slo"].unique().to_list() == ["speed"]
    rows = {(row["dimension"], row["value"]): row for row in found.rows(named=True)}
    assert list(rows) == [
        ("fleet", ""), ("scope", "control_plane"), ("to_version", "1.31.2"), ("region", "westeurope"), ("region", "eastus"),
        ("workload_type", "web"),
    ]  # fmt: skip
    fleet = rows["fleet", ""]
    counts = ("upgrades", "finished", "failed", "running", "cancelled", "upper_bounds")
    assert [fleet[name] for name in counts] == [5, 2, 1, 2, 1, 0]
    # Within an hour: one of five did, and one more still can. Of the four that were seen for 600 s, one finished then.
    assert (fleet["bound_low"], fleet["bound_high"]) == (0.2, 0.4)
    assert fleet["share"] == pytest.approx(1 / 4)
    # After 5,000 s three are left, of whom one finishes: the half is reached at 3/4 · 2/3.
    assert (fleet["p50"], fleet["p90"]) == (5_000, None)
    assert fleet["last_seen"] == 16 * 3_600
    assert [rows["region", "eastus"][name] for name in counts] == [2, 1, 0, 1, 0, 0]


def test_a_curve_has_at_most_121_points_and_ends_where_nobody_was_seen_any_longer(whole: WholeHome):
    whole.deliver(
        DAY,
        *lines_of("quick", at("2026-11-19 08:00"), seconds=1_000),
        *lines_of("short", at("2026-11-19 23:30"), seconds=None, region="eastus"),
    )
    curves = read(whole).curves
    fleet = curves.filter(curves["dimension"] == "fleet")
    # Up to two and a half hours in steps of 75 s; the younger one was seen for half an hour, and not to finish.
    assert fleet["seconds"].to_list() == [75.0 * number for number in range(25)]
    assert fleet.filter(fleet["seconds"] < 1_000)["share"].unique().to_list() == [0.0]
    assert fleet.filter(fleet["seconds"] >= 1_000)["share"].unique().to_list() == [0.5]
    westeurope = curves.filter(curves["value"] == "westeurope")
    assert (westeurope.height, westeurope["seconds"].max(), westeurope["share"].max()) == (121, 9_000, 1.0)
    eastus = curves.filter(curves["value"] == "eastus")
    assert (eastus["seconds"].max(), eastus["share"].max()) == (1_800, 0.0)


def test_without_anybody_left_a_quantile_lies_between_two_durations(whole: WholeHome):
    start = at("2026-11-19 08:00")
    whole.deliver(DAY, *(line for n in range(1, 101) for line in lines_of(f"n{n}", start, seconds=10 * n)))
    fleet = read(whole).slices.row(0, named=True)
    # Of 100 durations the median lies between the 40th and the 61st, the 95 % quantile between the 90th and the 100th.
    assert (fleet["p50"], fleet["p50_low"], fleet["p50_high"]) == (500, 400, 610)
    assert (fleet["p95"], fleet["p95_low"], fleet["p95_high"]) == (950, 900, 1_000)
    assert (fleet["share"], fleet["bound_low"], fleet["bound_high"]) == (1.0, 1.0, 1.0)


def test_suspected_no_ops_are_left_out_and_durations_from_polls_are_counted(whole: WholeHome):
    whole.deliver(
        DAY, *(line for n in range(3) for line in lines_of(f"n{n}", at("2026-11-19 08:00") + timedelta(hours=n), seconds=100))
    )
    whole.bring_to(DAY)
    with whole.warehouse.transaction() as db:
        db.execute("UPDATE upgrades.operations SET flags = 32 WHERE operation_id = 'n0'")
        db.execute("UPDATE upgrades.operations SET flags = 16 WHERE operation_id = 'n1'")
        found = read_durations(db, day=DAY, objectives=load_objectives(whole.home.objectives))
    fleet = found.slices.row(0, named=True)
    assert (fleet["upgrades"], fleet["upper_bounds"]) == (2, 1)


def test_an_objective_that_leaves_failures_out_leaves_them_out_here_and_a_lower_limit_has_no_durations(whole: WholeHome):
    file = whole.home.objectives / "slo.yaml"
    text = file.read_text()
    whole.deliver(
        DAY,
        *lines_of("quick", at("2026-11-19 08:00"), seconds=600),
        *lines_of("broken", at("2026-11-19 08:00"), seconds=60, outcome="failed"),
    )
    file.write_text(text.replace("{name: speed, ", "{name: speed, annotations: {upgradeslo.dev/failed: excluded}, "))
    assert read(whole).slices.select("upgrades", "failed", "share").row(0) == (1, 0, 1.0)
    file.write_text(text.replace("op: lte", "op: gte"))
    assert read(whole).slices.is_empty()


def test_less_than_a_limit_leaves_out_who_took_exactly_that_long(whole: WholeHome):
    file = whole.home.objectives / "slo.yaml"
    whole.deliver(DAY, *lines_of("exact", at("2026-11-19 08:00"), seconds=3_600))
    assert read(whole).slices["share"][0] == 1.0
    file.write_text(file.read_text().replace("op: lte", "op: lt"))
    assert (read(whole).slices["share"][0], read(whole).slices["bound_high"][0]) == (0.0, 0.0)


def test_a_day_without_operations_has_no_rows(whole: WholeHome):
    whole.deliver(DAY)
    found = read(whole)
    assert found.slices.is_empty()
    assert found.curves.is_empty()
