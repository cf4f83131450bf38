"""A simulated fleet, read twice: by the pipeline, and by a plain reading of the contract that shares no line with it."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.simulation.simulate import simulate
from assets.slo.objectives import load_objectives
from tests.data import reference_fold, reference_status
from tests.data.reference_status import DIMENSIONS, OUTCOMES, QUANTILES, SHIPPED, Row
from tests.data.small_home import SmallHome, small_home

END = date(2026, 11, 20)


def simulated(folder: Path, *, days: int, operations_per_day: int) -> set[tuple[str, int]]:
    """Deliveries and an inventory in this home; returns the lines (path, number) that are no events."""
    simulate(
        landing=folder / "landing",
        inventory=folder / "inventory" / "clusters.csv",
        incidents=folder / "simulation" / "incidents.json",
        end=END,
        days=days,
        operations_per_day=operations_per_day,
    )
    malformed = json.loads((folder / "simulation" / "malformed.json").read_text(encoding="utf-8"))
    return {(line["path"], line["line"]) for line in malformed}


def report(home: SmallHome, day: date) -> list[Row]:
    """The tables brought to that day, and its status."""
    home.fold(day.isoformat())
    home.count(day.isoformat(), load_objectives(None))
    return home.status(day.isoformat(), load_objectives(None))


def compare(home: SmallHome, folder: Path, refused: set[tuple[str, int]], days: list[date]) -> int:
    """Brings the home to each of the days in turn, and compares all that can be known; returns the number of events."""
    home.take_in(max(days).isoformat())
    events = reference_fold.read_events(folder / "landing", refused=refused)
    inventory = reference_fold.read_inventory(folder / "inventory")
    assert home.rows("SELECT count(*) AS n FROM telemetry.events")[0]["n"] == len(events)
    for day in days:
        status = report(home, day)
        operations = reference_fold.fold(events, inventory, upto=day)
        found = home.operations()
        different = [pair for pair in zip(found, operations, strict=True) if pair[0] != pair[1]]
        assert different[:1] == []
        rows = {tuple(row[name] for name in ("slo", "window", "slice_by", *DIMENSIONS)): row for row in status}
        assert len(rows) == len(status)
        expected = reference_status.counts(operations, SHIPPED, report_date=day)
        assert {key: {name: row[name] for name in OUTCOMES} for key, row in rows.items() if key in expected} == expected
        assert all(key[2] == "" and rows[key]["total"] == 0 for key in rows.keys() - expected.keys())
        quantiles = reference_status.quantiles(operations, SHIPPED, report_date=day)
        assert {key: {name: row[name] for name in QUANTILES} for key, row in rows.items() if row["p50"] is not None} == quantiles
        for row in rows.values():
            told = reference_status.told(row["good"], row["bad"], target=row["target"])
            assert (row["detectable_sli"], row["upgrades_needed"]) == pytest.approx(told, abs=1e-9)
    return len(events)


def test_operations_and_status_are_those_of_a_plain_reading_of_the_contract(tmp_path):
    refused = simulated(tmp_path, days=8, operations_per_day=80)
    with small_home(tmp_path) as home:
        # The newest day, then one before it: what came later must not show.
        assert compare(home, tmp_path, refused, [END, END - timedelta(days=2)]) > 1500
        states = {row["state"] for row in home.operations()}
        assert states >= {"succeeded", "failed", "cancelled", "running", "scheduled"}


@pytest.mark.slow
def test_a_hundred_thousand_events_are_those_of_a_plain_reading_of_the_contract(tmp_path):
    refused = simulated(tmp_path, days=30, operations_per_day=1250)
    with small_home(tmp_path) as home:
        days = [END - timedelta(days=1), END, END - timedelta(days=12)]
        assert compare(home, tmp_path, refused, days) > 100_000
