"""The simulation as a whole: the same bytes again, never over somebody's deliveries, and figures that add up."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from assets.simulation.simulate import SimulationError

END = date(2026, 11, 20)


def tree(folder):
    """Every file below a folder by its relative path and the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("source", ["canonical", "aks_event_grid", "azure_fleet"])
def test_the_same_arguments_give_the_same_bytes_in_another_process(tmp_path, run, source):
    run(tmp_path / "here", days=30, operations_per_day=50, source=source)
    program = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from assets.simulation.simulate import simulate\n"
        "home = Path(sys.argv[1])\n"
        "simulate(landing=home / 'landing', inventory=home / 'inventory' / 'clusters.csv',\n"
        "         incidents=home / 'simulation' / 'incidents.json', end=date(2026, 11, 20), days=30, operations_per_day=50,\n"
        "         source=sys.argv[2])\n"
    )
    repository = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "there"), source],
        check=True,
        cwd=repository,
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(repository), "POLARS_MAX_THREADS": "1"},
    )
    assert tree(tmp_path / "here") == tree(tmp_path / "there")


def test_another_seed_gives_other_deliveries(tmp_path, run):
    run(tmp_path / "seven", seed=7)
    run(tmp_path / "eight", seed=8)
    assert not set(tree(tmp_path / "seven" / "landing").values()) & set(tree(tmp_path / "eight" / "landing").values())


@pytest.mark.parametrize("folder", ["canonical", "eks_updates"])
def test_deliveries_that_are_there_already_are_refused_and_left_alone(tmp_path, run, folder):
    delivered = tmp_path / "landing" / folder / "2026-11-20" / "real.ndjson"
    delivered.parent.mkdir(parents=True)
    delivered.write_text("real\n")
    before = tree(tmp_path)
    with pytest.raises(FileExistsError, match=r"already holds deliveries, such as 2026-11-20/real\.ndjson; accepted: no file"):
        run(tmp_path, source="eks_updates")
    assert tree(tmp_path) == before


def test_empty_folders_are_no_deliveries(tmp_path, run):
    (tmp_path / "landing" / "canonical" / "2026-11-01").mkdir(parents=True)
    summary = run(tmp_path)
    assert len(list((tmp_path / "landing" / "canonical").iterdir())) == summary.days


def test_deliveries_of_other_sources_stay_as_they_are(tmp_path, run):
    other = tmp_path / "landing" / "gke_operations" / "2026-11-20" / "operations.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    run(tmp_path)
    assert other.read_text() == "{}"


def test_an_inventory_of_ones_own_is_refused_and_a_simulated_one_is_replaced(tmp_path, run):
    run(tmp_path, seed=7)
    simulated = (tmp_path / "inventory" / "clusters.csv").read_bytes()
    run(tmp_path, landing=tmp_path / "landing_2", seed=8)
    assert (tmp_path / "inventory" / "clusters.csv").read_bytes() != simulated

    (tmp_path / "inventory" / "clusters.csv").write_text("cluster_id,node_pool\nmine,\n")
    with pytest.raises(FileExistsError, match=r"clusters\.csv exists and is not as a simulation wrote it"):
        run(tmp_path, landing=tmp_path / "landing_3")
    assert (tmp_path / "inventory" / "clusters.csv").read_text() == "cluster_id,node_pool\nmine,\n"


def test_an_interrupted_simulation_leaves_nothing_behind(tmp_path, run):
    def interrupt(_done, _expected):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=interrupt)
    assert tree(tmp_path) == {}


def test_what_a_killed_simulation_left_behind_is_removed_by_the_next(tmp_path, run):
    left = tmp_path / ".simulation-abc" / "canonical" / "2026-11-20"
    left.mkdir(parents=True)
    (left / "part-0000.ndjson").write_text("{}")
    run(tmp_path)
    assert not (tmp_path / ".simulation-abc").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"days": 0}, "days is 0; accepted: an integer from 1 on", id="at least one day is simulated"),
        pytest.param(
            {"operations_per_day": 0}, "operations_per_day is 0; accepted: an integer from 1", id="something is upgraded"
        ),
        pytest.param({"source": "gcp"}, "source is 'gcp'; accepted: canonical, aks_event_grid", id="a source has a format"),
        pytest.param({"seed": -1}, "seed is -1; accepted: an integer from 0 on", id="a seed is not negative"),
        pytest.param(
            {"end": datetime(2026, 11, 20)},  # noqa: DTZ001 - the mistake is meant
            "accepted: a date",
            id="the end is a day, not a moment",
        ),
        pytest.param(
            {"end": date(2014, 6, 8)}, "4 days up to 2014-06-08 begin before 2014-06-06", id="nothing precedes Kubernetes"
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_the_remedy(tmp_path, run, arguments, message):
    with pytest.raises(SimulationError, match=message):
        run(tmp_path, **arguments)
    assert tree(tmp_path) == {}


def test_the_first_possible_day_can_be_simulated(tmp_path, run):
    assert run(tmp_path, end=date(2014, 6, 9)).first_day == date(2014, 6, 6)


def test_one_operation_a_day_still_gives_every_day_a_file(tmp_path, run):
    summary = run(tmp_path, days=10, operations_per_day=1)
    days = sorted(path.name for path in (tmp_path / "landing" / "canonical").iterdir())
    assert days == [(END - timedelta(days=back)).isoformat() for back in range(9, -1, -1)]
    assert all(list((tmp_path / "landing" / "canonical" / day).iterdir()) for day in days)
    assert summary.files == len(list((tmp_path / "landing").rglob("*.ndjson*")))


def test_progress_is_told_after_each_day_and_ends_with_all_lines(tmp_path, run):
    told = []
    summary = run(tmp_path, progress=lambda done, expected: told.append((done, expected)))
    assert len(told) == 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (summary.lines, summary.lines)


def test_the_summary_and_the_truth_count_what_is_in_the_files(home):
    delivered = home.truth["delivered"]
    summary = home.summary
    assert (summary.first_day, summary.last_day) == (date(2026, 9, 22), END)
    assert summary.files == delivered["files"] == len(list((home.folder / "landing").rglob("*.ndjson*")))
    assert summary.lines == delivered["lines"] == len(home.lines)
    assert summary.events == delivered["accepted"] == len({(event["source"], event["id"]) for _, event in home.events})
    assert summary.operations == delivered["operations"] == len(home.operations)
    assert delivered["quarantined"] == len(home.malformed)
    assert delivered["blank"] == sum(not line.content.strip(b" \t") for line in home.lines)
    assert delivered["duplicate"] == len(home.events) - summary.events
    assert delivered["lines"] == sum(delivered[part] for part in ("accepted", "duplicate", "quarantined", "blank"))


def test_a_providers_format_leaves_the_incidents_as_they_are_and_the_truth_counts_its_records(tmp_path, run):
    run(tmp_path / "canonical", days=30, operations_per_day=50)
    summary = run(tmp_path / "gke", days=30, operations_per_day=50, source="gke_notifications")
    of_canonical, truth = (
        json.loads((tmp_path / home / "simulation" / "incidents.json").read_bytes()) for home in ("canonical", "gke")
    )
    assert truth["incidents"] == of_canonical["incidents"] != []  # they count what they touched
    delivered, exported = truth["delivered"], truth["exported"]
    files = list((tmp_path / "gke" / "landing" / "gke_notifications").rglob("*.*"))
    assert (exported["source"], exported["files"]) == ("gke_notifications", len(files))
    assert 0 < exported["operations"] < exported["records"]
    assert summary.operations == delivered["operations"] + exported["operations"]
    assert summary.lines == delivered["lines"] + exported["records"]
    assert summary.files == delivered["files"] + exported["files"]
    assert "exported" not in of_canonical
