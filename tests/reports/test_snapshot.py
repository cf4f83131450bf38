"""The snapshot: what readers see is the warehouse of the newest published day, and only what changed is written anew."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl
import pytest

from assets.reports import snapshot as module
from assets.reports.snapshot import write_snapshot
from assets.slo import alerts
from assets.slo.cells import WrongDay
from assets.slo.status import COLUMNS
from tests.data.small_home import OPERATION_COLUMNS
from tests.data.whole_home import WholeHome, bytes_under, home_at, lines_of, new_home, tables_in

FIRST, SECOND, THIRD = DAYS = [date(2026, 11, day) for day in (17, 18, 19)]
BY_START_DAY = ("upgrades.operations", "slo.cells")
PUBLISHED = ("slo.status", "slo.alerts")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    """Three ordinary days, the first two of them published. Not to be changed."""
    home = new_home(tmp_path_factory.mktemp("original") / "home")
    home.deliver_ordinary_days(FIRST, 3)
    home.publish(FIRST)
    home.publish(SECOND)
    return home


@pytest.fixture
def whole(original: WholeHome, tmp_path: Path) -> WholeHome:
    """The same in a home of its own, with a snapshot that names its own files."""
    home = original.copy(tmp_path / "home")
    rewrite(home, SECOND)
    return home


def rewrite(home: WholeHome, day: date) -> None:
    """The last step of a report alone: its snapshot."""
    with home.warehouse.connection() as db:
        write_snapshot(db, home.published, day=day)


def snapshot(home: WholeHome) -> dict[str, list[tuple[Any, ...]]]:
    return tables_in(home.published / "upgrade_slo.duckdb")


def types(database: Path, table: str) -> dict[str, str]:
    with duckdb.connect(str(database), read_only=True) as db:
        return {row[0]: row[1] for row in db.execute(f"DESCRIBE {table}").fetchall()}


def columns(home: WholeHome, table: str) -> list[str]:
    return list(types(home.published / "upgrade_slo.duckdb", table))


def in_warehouse(home: WholeHome) -> dict[str, list[tuple[Any, ...]]]:
    """What the views over start-days have to show: the warehouse's own rows."""
    with home.warehouse.connection() as db:
        operations = db.execute(f"SELECT {', '.join(OPERATION_COLUMNS)} FROM upgrades.operations").fetchall()
        cells = db.execute("SELECT * FROM slo.cells").fetchall()
    return {"upgrades.operations": sorted(operations, key=repr), "slo.cells": sorted(cells, key=repr)}


def by_start_day(home: WholeHome) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows for name, rows in snapshot(home).items() if name in BY_START_DAY}


def parquet(home: WholeHome) -> dict[str, tuple[int, int, int]]:
    """Inode, time of modification and mode of every Parquet file of the snapshots."""
    found = (home.published / ".tables").glob("*/*")
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_mode & 0o777) for path in found}


def named(home: WholeHome) -> set[str]:
    """The Parquet files that the snapshot's views name."""
    with duckdb.connect(str(home.published / "upgrade_slo.duckdb"), read_only=True) as db:
        statements = db.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
    return {path for (statement,) in statements for path in re.findall(r"'([^']+\.parquet)'", statement)}


def unpublished(home: WholeHome) -> set[date]:
    return {day for (day,) in home.tables()["slo.unpublished_days"]}


def late_success(home: WholeHome, day: date, name: str = "late") -> None:
    """A file for an old day: one more operation of 600 s, started on that day at 09:00."""
    home.deliver(day, *lines_of(name, datetime(day.year, day.month, day.day, 9)), name=f"{name}.ndjson")  # noqa: DTZ001


# What it holds


def test_the_snapshot_has_the_tables_and_columns_of_the_contract_and_nothing_else(original: WholeHome):
    assert set(snapshot(original)) == {
        "upgrades.operations", "slo.cells", "slo.status", "slo.alerts", "telemetry.files", "telemetry.quarantine",
    }  # fmt: skip
    assert tuple(columns(original, "slo.status")) == COLUMNS
    assert columns(original, "slo.alerts") == alerts.SCHEMA.names()
    assert columns(original, "telemetry.quarantine") == ["path", "delivery_day", "line", "reason"]
    assert columns(original, "telemetry.files") == [
        "path", "source", "delivery_day", "sha256", "bytes", "lines", "blank", "records", "accepted", "duplicate",
        "quarantined", "not_an_upgrade", "events", "status", "error",
    ]  # fmt: skip
    assert tuple(columns(original, "upgrades.operations")) == OPERATION_COLUMNS
    assert columns(original, "slo.cells") == [
        "day", "slo", "slice_by", "to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider",
        "good", "bad", "pending", "excluded",
    ]  # fmt: skip


@pytest.mark.parametrize("table", ["status", "alerts"])
def test_the_snapshot_holds_the_figures_of_every_published_day_as_published(whole: WholeHome, table: str):
    """Figures that were computed and not published stayed out of sight; after a rebuild, older days vanished instead."""
    late_success(whole, FIRST, "late")
    whole.bring_to(FIRST)  # computed, and not published
    whole.publish(THIRD)
    published = [pl.read_parquet(whole.published / str(day) / f"slo_{table}.parquet").rows() for day in (FIRST, SECOND, THIRD)]
    assert snapshot(whole)[f"slo.{table}"] == sorted((row for rows in published for row in rows), key=repr)


def test_publishing_an_older_day_keeps_the_newest_days_tables_in_the_snapshot(whole: WholeHome):
    whole.publish(THIRD)
    before = snapshot(whole)
    late_success(whole, FIRST, "late")
    whole.publish(FIRST)
    after = snapshot(whole)
    assert {name: rows for name, rows in after.items() if name not in PUBLISHED} == {
        name: rows for name, rows in before.items() if name not in PUBLISHED
    }
    assert after["slo.status"] != before["slo.status"]
    assert {row[0] for row in after["upgrades.operations"]} == {FIRST, SECOND, THIRD}


def test_the_snapshot_can_be_replaced_and_not_written_to(whole: WholeHome):
    whole.publish(THIRD)
    assert (whole.published / "upgrade_slo.duckdb").stat().st_mode & 0o222 == 0


def test_the_views_read_as_the_tables_do_with_their_types_in_order_of_days(original: WholeHome):
    with duckdb.connect(str(original.published / "upgrade_slo.duckdb"), read_only=True) as db:
        for table in BY_START_DAY:
            days = [day for (day,) in db.execute(f"SELECT day FROM {table}").fetchall()]
            assert days == sorted(days) != []
    for table in (*BY_START_DAY, *PUBLISHED):
        theirs, ours = (types(path, table) for path in (original.warehouse.path, original.published / "upgrade_slo.duckdb"))
        assert ours.items() <= theirs.items()


def test_a_fleet_without_operations_has_views_with_their_columns_and_no_rows(tmp_path: Path):
    home = new_home(tmp_path / "home")
    home.deliver(FIRST)
    home.publish(FIRST)
    assert by_start_day(home) == {"upgrades.operations": [], "slo.cells": []}
    assert {"day", "state", "api_features"} <= set(columns(home, "upgrades.operations"))
    home.deliver(SECOND, *lines_of("first", datetime(2026, 11, 18, 9)))  # noqa: DTZ001
    home.publish(SECOND)
    assert [row[:3] for row in by_start_day(home)["upgrades.operations"]] == [(SECOND, "cluster-of-first", "first")]


def test_status_that_an_earlier_version_published_without_a_column_shows_none(whole: WholeHome):
    """As a Parquet file published before the column was there; the manifest names its hash."""
    folder = whole.published / "2026-11-17"
    frame = pl.read_parquet(folder / "slo_status.parquet").drop("p99").with_columns(retired=pl.lit(1))
    frame.write_parquet(folder / "slo_status.parquet")
    manifest = whole.manifest(FIRST)
    manifest["artefacts"]["slo_status.parquet"] = "0" * 64
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    rewrite(whole, SECOND)
    assert tuple(columns(whole, "slo.status")) == COLUMNS
    rows = snapshot(whole)["slo.status"]
    p99 = COLUMNS.index("p99")
    assert {row[p99] for row in rows if row[0] == FIRST} == {None}
    assert {row[p99] for row in rows if row[0] == SECOND} > {None}


def test_a_day_that_an_earlier_version_published_without_alerts_has_none(whole: WholeHome):
    (whole.published / "2026-11-17" / "slo_alerts.parquet").unlink()
    manifest = whole.manifest(FIRST)
    del manifest["artefacts"]["slo_alerts.parquet"]
    (whole.published / "2026-11-17" / "manifest.json").write_bytes(orjson.dumps(manifest))
    rewrite(whole, SECOND)
    assert {row[0] for row in snapshot(whole)["slo.alerts"]} == {SECOND}


# What is written anew


def test_only_days_on_which_something_changed_are_written_anew(whole: WholeHome):
    whole.publish(THIRD)
    before = parquet(whole)
    late_success(whole, SECOND)
    whole.publish(THIRD)
    after = parquet(whole)
    assert {path: after[path] for path in before} == before
    new = sorted(
        str(Path(path).relative_to(whole.published / ".tables"))[: -len(".0123456789abcdef.parquet")]
        for path in after.keys() - before.keys()
    )
    assert new == ["alerts/2026-11-19", "cells/2026-11-18", "operations/2026-11-18", "status/2026-11-19"]
    assert by_start_day(whole) == in_warehouse(whole)


def test_days_wait_until_they_are_in_a_snapshot_of_the_newest_day(whole: WholeHome):
    assert unpublished(whole) == set()
    late_success(whole, FIRST)
    whole.bring_to(SECOND)
    assert FIRST in unpublished(whole)
    whole.publish(FIRST)  # an older day: its operations are not for readers
    assert FIRST in unpublished(whole)
    whole.publish(SECOND)
    assert unpublished(whole) == set()
    assert by_start_day(whole) == in_warehouse(whole)


def test_parquet_files_cannot_be_written_to(original: WholeHome):
    assert {mode & 0o222 for _, _, mode in parquet(original).values()} == {0}


def test_a_day_whose_operations_all_vanish_is_gone(whole: WholeHome):
    whole.publish(THIRD)
    whole.deliver(SECOND)  # the file is replaced by an empty one
    whole.publish(THIRD)
    assert {day for day, *_ in snapshot(whole)["upgrades.operations"]} == {FIRST, THIRD}
    assert {day for day, *_ in snapshot(whole)["slo.cells"]} == {FIRST, THIRD}
    assert not [path for path in named(whole) if "2026-11-18" in path and not re.search("/(status|alerts)/", path)]


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_delivered_and_published_in_whatever_order_readers_see_the_newest_published_days_tables(
    tmp_path: Path, seed: int
):
    """Random deliveries, replaced files, files that go, older days again; the warehouse at the newest day is what is expected."""
    chance = random.Random(seed)  # noqa: S311
    home = new_home(tmp_path / "home", gaps_are_errors=False)
    delivered: list[Path] = []
    newest, expected = date.min, {}
    for number in range(12):
        for each in range(chance.randint(0, 2)):
            day, started = chance.choice(DAYS), datetime(2026, 11, chance.randint(15, 19), chance.randint(0, 23))  # noqa: DTZ001
            seconds = chance.choice([None, 600, 40_000])
            lines = lines_of(f"op-{chance.randint(0, 9)}", started, seconds=seconds, region=chance.choice(["west", "east"]))
            delivered.append(home.deliver(day, *lines, name=f"{number % 4}-{each}.ndjson"))
        if delivered and chance.random() < 0.2:
            chance.choice(delivered).unlink(missing_ok=True)
        day = chance.choice(DAYS)
        home.publish(day)
        if day >= newest:
            newest, expected = day, in_warehouse(home)
        assert by_start_day(home) == expected
        published = [pl.read_parquet(folder / "slo_status.parquet").rows() for folder in home.published.glob("2026-*")]
        assert snapshot(home)["slo.status"] == sorted((row for rows in published for row in rows), key=repr)
    assert newest == THIRD
    assert expected["upgrades.operations"]


# Readers, and files that nobody reads


def test_a_reader_keeps_the_snapshot_that_it_opened_until_the_next_but_one(whole: WholeHome):
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys\n"
            "db = duckdb.connect(sys.argv[1], read_only=True)\n"
            "def count():\n"
            "    [status] = db.execute('SELECT count(DISTINCT report_date) FROM slo.status').fetchall()\n"
            "    [operations] = db.execute('SELECT count(*) FROM upgrades.operations').fetchall()\n"
            "    [good] = db.execute('SELECT count(*) FROM slo.cells WHERE day = DATE \\'2026-11-17\\'').fetchall()\n"
            "    print(*status, *operations, *good, flush=True)\n"
            "count()\n"
            "sys.stdin.readline()\n"
            "count()\n",
            str(whole.published / "upgrade_slo.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    seen = reader.stdout.readline()
    assert seen.startswith("2 6 ")  # three operations on each of two published days
    late_success(whole, FIRST)
    whole.publish(THIRD)
    seen_later, _ = reader.communicate("\n")
    assert (seen_later, reader.returncode) == (seen, 0)
    assert len(snapshot(whole)["upgrades.operations"]) == 3 * 3 + 2  # the late one, and one that runs


def test_files_stay_for_one_snapshot_longer_than_they_are_named(whole: WholeHome):
    first = named(whole)
    late_success(whole, FIRST)
    whole.publish(SECOND)
    second = named(whole)
    assert parquet(whole).keys() == first | second
    assert first - second
    whole.publish(THIRD)
    assert parquet(whole).keys() == second | named(whole)
    assert not first & parquet(whole).keys() - second


def test_what_killed_runs_left_is_swept(whole: WholeHome):
    folder = whole.published / ".tables"
    for name in ("operations/.2026-11-17.new", "cells/2026-11-17.0123456789abcdef.parquet", "status/.2026-11-18.new"):
        (folder / name).write_bytes(b"half a file")
    (whole.published / ".upgrade_slo.duckdb.new").write_bytes(b"half a snapshot")
    rewrite(whole, SECOND)
    assert parquet(whole).keys() == named(whole)
    assert not (whole.published / ".upgrade_slo.duckdb.new").exists()


# When something is missing, or a run was killed


def remove_one_file(home: WholeHome) -> None:
    next((home.published / ".tables" / "operations").glob("2026-11-17*")).unlink()


def remove_status(home: WholeHome) -> None:
    next((home.published / ".tables" / "status").glob("2026-11-17*")).unlink()


def remove_all_files(home: WholeHome) -> None:
    shutil.rmtree(home.published / ".tables")


def remove_snapshot(home: WholeHome) -> None:
    (home.published / "upgrade_slo.duckdb").unlink()


def damage_snapshot(home: WholeHome) -> None:
    remove_snapshot(home)
    (home.published / "upgrade_slo.duckdb").write_bytes(b"no database at all")


def remove_views(home: WholeHome) -> None:
    """As a snapshot of before there were views."""
    remove_snapshot(home)
    with duckdb.connect(str(home.published / "upgrade_slo.duckdb")) as db:
        db.execute("CREATE SCHEMA upgrades; CREATE TABLE upgrades.operations AS SELECT 1 AS day")


def forget_what_was_written(home: WholeHome) -> None:
    """As a warehouse that was rebuilt: it cannot know which rows the files hold."""
    with home.warehouse.transaction() as db:
        db.execute("DELETE FROM upgrades.operations WHERE operation_id = 'quick-2026-11-17'")
        db.execute("DELETE FROM reports.snapshot_state")


@pytest.mark.parametrize(
    "harm",
    [
        remove_one_file,
        remove_status,
        remove_all_files,
        remove_snapshot,
        damage_snapshot,
        remove_views,
        forget_what_was_written,
    ],
    ids=lambda harm: harm.__name__,
)
def test_whatever_happened_to_the_files_the_next_snapshot_is_whole(whole: WholeHome, harm: Callable[[WholeHome], None]):
    before = snapshot(whole)["slo.status"]
    harm(whole)
    rewrite(whole, SECOND)
    assert by_start_day(whole) == in_warehouse(whole)
    assert snapshot(whole)["slo.status"] == before
    assert named(whole) <= parquet(whole).keys()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("_copy_published", id="after operations and cells are written"),
        pytest.param("_build", id="after all Parquet files are written"),
        pytest.param("replace_durably", id="before the first Parquet file has its name"),
        pytest.param("_remember", id="after the snapshot is replaced, before the warehouse knows"),
        pytest.param("_sweep", id="before the files of older snapshots are removed"),
    ],
)
def test_after_a_run_is_killed_readers_see_the_old_or_the_new_tables_and_the_next_run_mends_the_rest(
    whole: WholeHome, step: str, monkeypatch: pytest.MonkeyPatch
):
    late_success(whole, FIRST)
    whole.deliver(SECOND)  # nothing of this day is left
    before = by_start_day(whole)
    whole.bring_to(SECOND)
    after = in_warehouse(whole)
    assert before != after

    def end(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, step, end)
        with pytest.raises(KeyboardInterrupt):
            rewrite(whole, SECOND)
    assert by_start_day(whole) == (after if step in {"_remember", "_sweep"} else before)
    rewrite(whole, SECOND)
    assert by_start_day(whole) == after
    assert unpublished(whole) == set()
    rewrite(whole, SECOND)
    assert parquet(whole).keys() == named(whole)


def test_tables_that_stand_at_another_day_are_not_published(whole: WholeHome):
    whole.publish(THIRD)
    files = bytes_under(whole.published)
    whole.bring_to(SECOND)
    with pytest.raises(WrongDay, match="stand at 2026-11-18"):
        rewrite(whole, THIRD)
    assert bytes_under(whole.published) == files


# Where the home lies


def test_a_home_that_moved_has_a_whole_snapshot_again_with_the_next_report_be_it_of_an_older_day(whole: WholeHome):
    before = snapshot(whole)
    moved = home_at(whole.home.root.rename(whole.home.root.with_name("elsewhere")))
    with pytest.raises(duckdb.IOException):
        snapshot(moved)
    moved.publish(FIRST)
    assert snapshot(moved) == before


def test_a_home_may_have_any_name(tmp_path: Path):
    home = new_home(tmp_path / "a place with 'quotes' and spaces, [x]*{a,b} and key=value, day=2001-01-01" / "home")
    home.deliver_ordinary_days(FIRST, 1)
    home.publish(FIRST)
    home.deliver(SECOND, *lines_of("next", datetime(2026, 11, 18, 9)))  # noqa: DTZ001
    home.publish(SECOND)
    assert by_start_day(home) == in_warehouse(home)
