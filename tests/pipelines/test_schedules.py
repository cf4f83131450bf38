"""The schedule, evaluated on an instance that remembers runs: every missed day, a bounded number of times."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from assets.home import Home
from pipelines.holding import held
from pipelines.jobs import daily_slo_report
from pipelines.runs import COMMAND_TAG, DELIVERIES_TAG
from pipelines.schedules import daily_slo_report_schedule

MORNING = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Deliveries from the 15th to the 20th, published up to the 16th: the schedule was off for three days."""
    home = Home(root=tmp_path)
    for day in range(15, 21):
        deliver(home, day)
    publish(home, 15)
    publish(home, 16)
    return home


@pytest.fixture(scope="module")
def kept_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture
def instance(kept_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance without runs; on disk, since an evaluation opens it by reference."""
    kept_instance.wipe()
    return kept_instance


def deliver(home: Home, day: int, *, name: str = "a", content: str = "") -> None:
    file = home.landing / "canonical" / f"2026-11-{day}" / f"{name}.ndjson"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def publish(home: Home, day: int) -> None:
    folder = home.published / f"2026-11-{day}"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")


def evaluate(home: Home, instance: dg.DagsterInstance, at: datetime = MORNING) -> list[dg.RunRequest] | dg.SkipReason:
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at, resources={"home": home}) as context:
        return daily_slo_report_schedule(context)


def requested(home: Home, instance: dg.DagsterInstance, at: datetime = MORNING) -> list[dg.RunRequest]:
    asked = evaluate(home, instance, at)
    assert isinstance(asked, list)
    return asked


def days(asked: list[dg.RunRequest]) -> list[str | None]:
    return [each.partition_key for each in asked]


def record(instance: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> str:
    """Let the instance know a run of this request with this status; returns its id."""
    tags = {**request.tags, "dagster/partition": str(request.partition_key)}
    run = dg.DagsterRun(job_name=daily_slo_report.name, run_id=str(uuid4()), status=status, tags=tags)
    instance.add_run(run)
    return run.run_id


def test_after_an_outage_every_missed_day_is_asked_for_oldest_first(home: Home, instance: dg.DagsterInstance):
    asked = requested(home, instance)
    assert days(asked) == ["2026-11-17", "2026-11-18", "2026-11-19"]
    assert {each.job_name for each in asked} == {"daily_slo_report"}
    assert len({each.run_key for each in asked}) == 3


def test_an_outage_of_three_weeks_is_made_up_for_in_one_tick(home: Home, instance: dg.DagsterInstance):
    """Ten days were asked for, oldest first, so that after a longer outage yesterday's report waited for the next mornings."""
    asked = days(requested(home, instance, datetime(2026, 12, 10, 6, tzinfo=UTC)))
    assert len(asked) == 23  # 17 November to 9 December
    assert (asked[0], asked[-1]) == ("2026-11-17", "2026-12-09")


def test_a_day_that_lost_its_report_is_asked_for_under_a_key_that_was_not_used(home: Home, instance: dg.DagsterInstance):
    """Dagster drops a request whose run key it has seen, and a day whose published folder was removed stayed without a report."""
    [first, *_] = requested(home, instance)
    record(instance, first, dg.DagsterRunStatus.SUCCESS)
    [again, *_] = requested(home, instance)
    assert again.partition_key == first.partition_key
    assert again.run_key != first.run_key


def test_the_ticks_time_in_utc_decides_what_yesterday_is(home: Home, instance: dg.DagsterInstance):
    from zoneinfo import ZoneInfo

    late_evening = datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("America/Los_Angeles"))  # the 19th, 04:00 UTC
    assert days(requested(home, instance, late_evening)) == ["2026-11-17", "2026-11-18"]


def test_an_up_to_date_home_skips_with_a_reason(home: Home, instance: dg.DagsterInstance):
    for day in (17, 18, 19):
        publish(home, day)
    skipped = evaluate(home, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "every day up to yesterday" in str(skipped.skip_message)


def test_an_empty_home_skips(tmp_path: Path, instance: dg.DagsterInstance):
    assert isinstance(evaluate(Home(root=tmp_path), instance), dg.SkipReason)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_day_that_is_under_way_is_not_asked_for_again(home: Home, instance: dg.DagsterInstance, status: dg.DagsterRunStatus):
    [first, *_] = requested(home, instance)
    record(instance, first, status)
    assert days(requested(home, instance)) == ["2026-11-18", "2026-11-19"]


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_bad_day_is_asked_for_three_times_and_does_not_hold_the_others_back(
    home: Home, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
):
    keys = set()
    for _ in range(3):
        [first, *others] = requested(home, instance)
        assert first.partition_key == "2026-11-17"
        assert days(others) == ["2026-11-18", "2026-11-19"]
        keys.add(first.run_key)
        record(instance, first, status)
    assert len(keys) == 3  # a key that was used before would be dropped
    assert days(requested(home, instance)) == ["2026-11-18", "2026-11-19"]


def test_a_changed_delivery_gives_the_day_its_attempts_back(home: Home, instance: dg.DagsterInstance):
    [first, *_] = requested(home, instance)
    for _ in range(3):
        record(instance, first, dg.DagsterRunStatus.FAILURE)
    deliver(home, 16, content="mended\n")
    [again, *_] = requested(home, instance)
    assert again.partition_key == "2026-11-17"
    assert again.tags[DELIVERIES_TAG] != first.tags[DELIVERIES_TAG]
    assert again.run_key != first.run_key


def test_a_delivery_after_the_day_changes_nothing_for_it(home: Home, instance: dg.DagsterInstance):
    [first, *_] = requested(home, instance)
    for _ in range(3):
        record(instance, first, dg.DagsterRunStatus.FAILURE)
    deliver(home, 18, content="more\n")
    assert days(requested(home, instance)) == ["2026-11-18", "2026-11-19"]


def test_runs_started_by_hand_do_not_use_up_attempts(home: Home, instance: dg.DagsterInstance):
    [first, *_] = requested(home, instance)
    for _ in range(5):
        record(instance, first.with_replaced_attrs(tags={}), dg.DagsterRunStatus.FAILURE)
    assert days(requested(home, instance))[0] == "2026-11-17"


def test_at_most_a_hundred_days_are_asked_for_at_once(home: Home, instance: dg.DagsterInstance):
    asked = requested(home, instance, datetime(2027, 3, 20, 6, tzinfo=UTC))
    assert len(asked) == 100
    assert days(asked)[0] == "2026-11-17"


def test_the_run_of_a_command_that_was_killed_is_ended_and_its_day_asked_for(home: Home, instance: dg.DagsterInstance):
    """It stayed STARTED for ever: its day was never asked for again, and it kept the only slot of the queue."""
    [first, *_] = requested(home, instance)
    by_hand = first.with_replaced_attrs(tags={COMMAND_TAG: "run"})
    run_id = record(instance, by_hand, dg.DagsterRunStatus.STARTED)
    with held(home, patience_seconds=0):  # the command is alive
        assert days(requested(home, instance)) == ["2026-11-18", "2026-11-19"]
    assert days(requested(home, instance)) == ["2026-11-17", "2026-11-18", "2026-11-19"]
    ended = instance.get_run_by_id(run_id)
    assert ended is not None
    assert ended.status == dg.DagsterRunStatus.FAILURE


def test_the_schedule_ticks_at_six_in_the_morning_utc():
    assert daily_slo_report_schedule.cron_schedule == "0 6 * * *"
    assert daily_slo_report_schedule.execution_timezone == "UTC"
    assert daily_slo_report_schedule.job_name == "daily_slo_report"
