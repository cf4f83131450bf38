"""A home whose runs are killed again and again ends up like one that was left in peace."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest

from tests.data.whole_home import WholeHome, bytes_under, lines_of, new_home, tables_in

FIRST, SECOND = date(2026, 11, 18), date(2026, 11, 19)
KILLS_PER_WAVE = 5
SEED = 20261119
ROOT = Path(__file__).parents[2]
INVENTORY = "cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\ncluster-of-late,,westeurope,batch,aks,,\n"


def ordinary_days(home: WholeHome) -> None:
    home.deliver_ordinary_days(FIRST, 2)


def late_file(home: WholeHome) -> None:
    late = lines_of("late", datetime.fromisoformat("2026-11-18 09:00"), workload_type=None)
    home.deliver(FIRST, *late, "no line", name="late.ndjson")


def changed_file(home: WholeHome) -> None:
    home.deliver(SECOND, *lines_of("other", datetime.fromisoformat("2026-11-19 09:00"), outcome="failed"))


def inventory(home: WholeHome) -> None:
    home.home.inventory.mkdir()
    (home.home.inventory / "clusters.csv").write_text(INVENTORY)


# Each makes work for every step: taking in, taking in anew, restating, folding everything again.
WAVES: list[Callable[[WholeHome], None]] = [ordinary_days, late_file, changed_file, inventory]


def start(home: WholeHome) -> subprocess.Popen[bytes]:
    """A run of both days that has got hold of the home."""
    environment = {**os.environ, "UPGRADE_SLO_HOME": str(home.home.root), "UPGRADE_SLO_THREADS": "1"}
    command = [sys.executable, "-m", "pipelines.cli", "run", "--from", str(FIRST), "--to", str(SECOND)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (home.home.lock.exists() and home.home.lock.read_text() == str(process.pid)):
        time.sleep(0.01)
    return process


def run_in_peace(home: WholeHome) -> float:
    """Seconds that a complete run holds the home."""
    process = start(home)
    begun = time.monotonic()
    assert process.wait() == 0
    return time.monotonic() - begun


def everything(home: WholeHome) -> dict[str, object]:
    """What must be the same: tables but for inodes and times of files, what is published but for the moment of making."""
    published = bytes_under(home.published)
    return {
        **tables_in(home.warehouse.path, leave_out=("main.key_runs",), without=("stamp",)),
        **{f"snapshot: {name}": rows for name, rows in tables_in(home.published / "upgrade_slo.duckdb").items()},
        **{
            name: [line for line in content.splitlines() if b'"generated_at"' not in line]
            for name, content in published.items()
            if name != "upgrade_slo.duckdb" and not name.startswith((".builds", ".tables"))
        },
    }


@pytest.mark.slow
def test_runs_killed_at_any_moment_leave_nothing_that_a_complete_run_does_not_mend(tmp_path: Path):
    chance = random.Random(SEED)  # noqa: S311
    undisturbed, disturbed = new_home(tmp_path / "undisturbed"), new_home(tmp_path / "disturbed")
    killed = 0
    for change in WAVES:
        change(undisturbed)
        change(disturbed)
        seconds = run_in_peace(undisturbed)
        hits = 0
        while hits < KILLS_PER_WAVE:
            process = start(disturbed)
            time.sleep(chance.uniform(0, seconds))
            process.kill()
            hits += process.wait() == -signal.SIGKILL
        killed += hits
        run_in_peace(disturbed)

    assert killed == 20
    expected, found = everything(undisturbed), everything(disturbed)
    assert found.keys() == expected.keys()
    assert [name for name, content in found.items() if content != expected[name]] == []
    assert disturbed.manifest(FIRST)["revision"] == 3  # the late file and the inventory; the changed one came later
    assert disturbed.manifest(SECOND)["revision"] == 4
    assert not disturbed.home.refused.exists()
    with dg.DagsterInstance.from_config(str(disturbed.home.dagster)) as instance:
        ends = {run.status for run in instance.get_runs()}
    assert ends == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
