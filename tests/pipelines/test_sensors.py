"""The sensor, on a home whose second of three days is published: what is new, changed or gone there restates reports."""

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.sensors import late_delivery_sensor
from tests.data.whole_home import WholeHome, lines_of, new_home

FIRST, SECOND, THIRD = date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)


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
    """A copy that has seen its deliveries under their new inodes."""
    copy = original.copy(tmp_path / "home")
    copy.bring_to(SECOND)
    return copy


@pytest.fixture(scope="module")
def kept_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture
def instance(kept_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance without runs; on disk, since an evaluation opens it by reference."""
    kept_instance.wipe()
    return kept_instance


def evaluate(home: WholeHome, instance: dg.DagsterInstance) -> list[dg.RunRequest] | dg.SkipReason:
    resources = {"home": home.home, "warehouse": home.warehouse}
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        return late_delivery_sensor(context)


def restated(home: WholeHome, instance: dg.DagsterInstance) -> list[str | None]:
    asked = evaluate(home, instance)
    assert isinstance(asked, list)
    assert {each.job_name for each in asked} == {"daily_slo_report"}
    return [each.partition_key for each in asked]


def skipped(home: WholeHome, instance: dg.DagsterInstance) -> str:
    reason = evaluate(home, instance)
    assert isinstance(reason, dg.SkipReason)
    return str(reason.skip_message)


def file_of(home: WholeHome, day: date) -> Path:
    return home.home.landing / "canonical" / str(day) / "part-0.ndjson"


def test_nothing_is_asked_for_when_nothing_changed(whole: WholeHome, instance: dg.DagsterInstance):
    assert "no published day is affected" in skipped(whole, instance)


def test_nothing_is_asked_for_before_anything_is_published(whole: WholeHome, instance: dg.DagsterInstance):
    shutil.rmtree(whole.published)
    assert skipped(whole, instance) == "nothing is published yet"


def test_a_new_file_in_an_old_day_restates_it_and_every_later_report(whole: WholeHome, instance: dg.DagsterInstance):
    whole.deliver(FIRST, *lines_of("late", datetime(2026, 11, 17, 9)), name="late.ndjson")  # noqa: DTZ001
    assert restated(whole, instance) == ["2026-11-17", "2026-11-18"]


def test_a_file_that_arrives_with_an_old_modification_time_is_seen_all_the_same(whole: WholeHome, instance: dg.DagsterInstance):
    """A cursor on modification times would miss what `cp -p` or rsync bring."""
    import os

    late = whole.deliver(SECOND, *lines_of("late", datetime(2026, 11, 18, 9)), name="late.ndjson")  # noqa: DTZ001
    os.utime(late, (0, 0))
    assert restated(whole, instance) == ["2026-11-18"]


def test_a_changed_file_restates_its_day(whole: WholeHome, instance: dg.DagsterInstance):
    file_of(whole, SECOND).write_text("")
    assert restated(whole, instance) == ["2026-11-18"]


def test_a_file_that_is_gone_restates_its_day(whole: WholeHome, instance: dg.DagsterInstance):
    file_of(whole, FIRST).unlink()
    assert restated(whole, instance) == ["2026-11-17", "2026-11-18"]


def test_a_file_of_a_day_without_a_report_is_the_schedules(whole: WholeHome, instance: dg.DagsterInstance):
    whole.deliver(THIRD, name="more.ndjson")
    assert "no published day is affected" in skipped(whole, instance)


def test_a_report_is_asked_for_again_when_its_late_file_was_taken_in_by_another_run(
    whole: WholeHome, instance: dg.DagsterInstance
):
    """The ledger knows the file already, so that nothing in the landing zone is new; but the report does not show it."""
    whole.deliver(FIRST, *lines_of("late", datetime(2026, 11, 17, 9)), name="late.ndjson")  # noqa: DTZ001
    whole.bring_to(SECOND)
    assert restated(whole, instance) == ["2026-11-17", "2026-11-18"]
    whole.publish(FIRST)
    assert restated(whole, instance) == ["2026-11-18"]


def test_a_warehouse_that_is_held_skips_and_says_by_whom(whole: WholeHome, instance: dg.DagsterInstance):
    import subprocess
    import sys

    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()",
         str(whole.warehouse.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert f"warehouse.duckdb is held by process {holder.pid}" in skipped(whole, instance)
    finally:
        holder.kill()
        holder.communicate()


def test_a_landing_zone_in_disorder_fails_the_tick_and_names_the_folder(whole: WholeHome, instance: dg.DagsterInstance):
    (whole.home.landing / "unheard-of").mkdir()
    with pytest.raises(Exception, match="landing/unheard-of is not a source"):
        evaluate(whole, instance)
