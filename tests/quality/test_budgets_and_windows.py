"""Objectives of every budgeting method and kind of window pass the gate."""

from datetime import date
from pathlib import Path

from quality.checks import judge_and_store, table_suites
from tests.data.whole_home import OBJECTIVES, new_home

REPORT_DAY = date(2026, 11, 20)
SERVICE, SUCCESS, SPEED = OBJECTIVES.split("---\n")
MONTHLY = "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}"


def test_status_of_time_slices_and_calendars_keeps_every_promise(tmp_path: Path):
    whole = new_home(tmp_path / "home")
    hourly = SUCCESS.replace("Occurrences", "Timeslices").replace(
        "target: 0.9", "target: 0.9, timeSliceTarget: 0.5, timeSliceWindow: 1h"
    )
    averaged = SUCCESS.replace("{name: success,", "{name: averaged,").replace("Occurrences", "RatioTimeslices")
    averaged = averaged.replace("target: 0.9", "target: 0.9, timeSliceWindow: 2h")
    monthly = SPEED.replace("{duration: 7d, isRolling: true}", MONTHLY)
    for file in whole.home.objectives.glob("*.yaml"):
        file.write_text("---\n".join([SERVICE, hourly, averaged, monthly]), encoding="utf-8")
    whole.deliver_ordinary_days(date(2026, 11, 17), 4)
    whole.bring_to(REPORT_DAY)

    verdicts = judge_and_store(whole.warehouse, whole.home, day=REPORT_DAY, suites=table_suites(whole.home))

    assert [each.check for each in verdicts if not each.passed] == []
    assert len(verdicts) > 40
