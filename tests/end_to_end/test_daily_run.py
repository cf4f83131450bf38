"""The command on a small simulated fleet of three days, from deliveries to reports, in two homes that hear of them differently.

In the one, a range is run whose middle day is nearly all garbage. The other takes everything in first and looks back then.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.data.whole_home import WholeHome, bytes_under, new_home, tables_in

DAYS = [date(2026, 11, day) for day in (18, 19, 20)]
GARBAGE = "canonical/2026-11-19/garbage.ndjson"
# No functions of the landing zone: after a rebuild every day is judged anew, every file of the snapshot is written anew, and the
# files of the key indexes have other names.
NOT_REBUILT = ("reports.verdicts", "reports.snapshot_state", "slo.unpublished_days", "main.key_runs")


def simulated(root: Path) -> WholeHome:
    home = new_home(root)
    result = home.upgrade_slo("simulate", "--days", "3", "--operations-per-day", "12", "--end", "2026-11-20", "--seed", "5")
    assert result.exit_code == 0
    return home


@pytest.fixture(scope="module")
def ranged(tmp_path_factory: pytest.TempPathFactory) -> tuple[WholeHome, Result]:
    """A home in which the range of all three days was run, with garbage delivered on the second."""
    home = simulated(tmp_path_factory.mktemp("ranged") / "home")
    (home.home.landing / GARBAGE).write_text("garbage\n" * 500)
    return home, home.upgrade_slo("run", "--from", "2026-11-18", "--to", "2026-11-20")


JUDGED = ("slo.status", "slo.alerts")  # rows of every day that is published


@dataclass(frozen=True)
class AtOnce:
    """A home in which `run` took in everything and built the newest report, `run --date` an old one, and `rebuild` the tables."""

    home: WholeHome
    newest: Result
    tables: dict[str, list[tuple[Any, ...]]]  # as of the newest day
    old: Result
    judged: dict[str, list[tuple[Any, ...]]]  # status and alerts, of both days
    published: dict[str, bytes]
    snapshot: dict[str, list[tuple[Any, ...]]]
    rebuilt: Result


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> AtOnce:
    home = simulated(tmp_path_factory.mktemp("at-once") / "home")
    newest, tables = home.upgrade_slo("run"), home.tables()
    old = home.upgrade_slo("run", "--date", "2026-11-18")
    judged = {name: rows for name, rows in home.tables().items() if name in JUDGED}
    published, snapshot = bytes_under(home.published), tables_in(home.published / "upgrade_slo.duckdb")
    return AtOnce(home, newest, tables, old, judged, published, snapshot, home.upgrade_slo("rebuild"))


def test_a_run_publishes_the_newest_delivery_day_and_says_where(at_once: AtOnce):
    home, result = at_once.home, at_once.newest
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"published {home.published}/2026-11-20/report.html\n"


def test_a_home_holds_what_the_contract_says(at_once: AtOnce):
    home = at_once.home
    assert {each.name for each in home.home.root.iterdir()} - {".lock", "scratch", "simulation"} == {
        "landing", "inventory", "objectives", "warehouse.duckdb", "warehouse.duckdb.keys", "published", "dagster",
    }  # fmt: skip
    assert {each.name for each in home.published.iterdir()} - {".builds"} >= {"2026-11-20", "latest", "upgrade_slo.duckdb"}
    assert {each.name for each in (home.published / "latest").iterdir()} == {
        "report.html", "summary.txt", "slo_status.parquet", "slo_status.csv", "slo_alerts.parquet", "manifest.json",
    }  # fmt: skip
    assert not any(home.home.scratch.iterdir())


def test_a_bad_day_in_a_range_is_refused_and_does_not_hold_the_others_back(ranged: tuple[WholeHome, Result]):
    home, result = ranged
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [f"published {home.published}/2026-11-{day}/report.html" for day in (18, 20)]
    assert result.stderr.startswith("refused 2026-11-19: most_are_read: 2026-11-19: observed 0.")
    assert "accepted: at most 0.5 of the day's records are quarantined" in result.stderr
    assert result.stderr.splitlines()[-1] == f"reasons: {home.home.refused}/2026-11-19/reasons.json"
    assert not (home.published / "2026-11-19").exists()


def test_an_old_days_report_is_the_same_whether_newer_deliveries_have_been_taken_in_or_not(
    ranged: tuple[WholeHome, Result], at_once: AtOnce
):
    before, after = ranged[0], at_once.home
    assert at_once.old.exit_code == 0
    ours, theirs = (bytes_under(home.published / "2026-11-18") for home in (before, after))
    assert {name: content for name, content in ours.items() if name != "manifest.json"} == {
        name: content for name, content in theirs.items() if name != "manifest.json"
    }
    assert before.manifest(DAYS[0]) | {"generated_at": ""} == after.manifest(DAYS[0]) | {"generated_at": ""}
    assert (after.published / "latest").readlink() == Path("2026-11-20")


def test_a_mended_day_is_published_and_the_file_that_went_is_named(ranged: tuple[WholeHome, Result]):
    home, _ = ranged
    (home.home.landing / GARBAGE).unlink()
    result = home.upgrade_slo("run", "--date", "2026-11-19")
    assert (result.exit_code, result.stdout) == (0, f"published {home.published}/2026-11-19/report.html\n")
    assert result.stderr == f"warning: landing/{GARBAGE} is gone since it was taken in; its day is taken in anew.\n"
    assert not (home.home.refused / "2026-11-19").exists()


def test_a_rebuild_gives_the_same_tables_as_the_runs_and_leaves_what_is_published(at_once: AtOnce):
    home, before = at_once.home, at_once.tables
    assert (at_once.rebuilt.exit_code, at_once.rebuilt.stderr) == (0, "")
    assert at_once.rebuilt.stdout == (
        f"rebuilt {home.warehouse.path}: {len(before['telemetry.events']):,} events, "
        f"{len(before['upgrades.operations']):,} operations as of 2026-11-20\n"
    )
    after = home.tables()
    left_out = {*JUDGED, "slo.status_state", *NOT_REBUILT}
    assert {name: rows for name, rows in after.items() if name not in left_out} == {
        name: rows for name, rows in before.items() if name not in left_out
    }
    for name in JUDGED:
        assert after[name] == at_once.judged[name]
        assert {row[0] for row in after[name]} == {DAYS[0], DAYS[2]}
    assert bytes_under(home.published) == at_once.published


def test_a_run_after_a_rebuild_finds_nothing_new_and_keeps_every_day_in_the_snapshot(at_once: AtOnce):
    home = at_once.home
    assert home.upgrade_slo("run").exit_code == 0
    assert home.manifest(DAYS[2])["revision"] == 1
    assert tables_in(home.published / "upgrade_slo.duckdb") == at_once.snapshot
