"""The daily alarm's section: what is listed in which order, and what is said of it."""

import math
from datetime import date

import pytest

from assets.reports import alarm
from assets.reports.scores import scores
from assets.reports.tables import Fold

N = "\u202f"


def row(state, log_e, *, slo="upgrade-success", highest=None, bad=30, total=1000, **values):
    """One judged row; the values are the slice, none for the fleet."""
    return {
        "slo": slo, "slice_by": ",".join(values), **values, "limit": 0.01, "bad": bad, "total": total, "log_e": log_e,
        "highest_log_e": log_e if highest is None else highest, "highest_on": date(2025, 2, 6), "state": state,
    }  # fmt: skip


def section(build, *rows, objectives=None):
    given = build.Input()
    for slo in objectives or [build.objective()]:
        given.add(slo, [(100, 1)] * 28)
    given.alarms = list(rows)
    data = given.data()
    return alarm.section(data, scores(data))


def test_a_quiet_day_is_one_line_without_a_table(build):
    found = section(build, row("quiet", -2.0), row("quiet", 0.5, region="eastus"), row("quiet", -1.0, region="westus"))
    assert found["title"] == "All quiet: no evidence that the fleet, or one of 2 slices, fails more than its target allows"
    assert found["table"] is None


def test_without_a_closed_day_there_is_nothing_to_watch(build):
    assert section(build)["title"] == "No upgrade of a closed day yet, so there is nothing to watch"


def test_alarms_come_before_what_is_watched_the_fleet_before_slices_and_the_strongest_first(build):
    found = section(
        build,
        row("watch", 2.0, region="eastus"),
        row("quiet", 0.0, region="uksouth"),
        row("alarm", 9.0, region="westus"),
        row("alarm", 12.0, to_version="1.31.2", region="westeurope"),
        row("alarm", 3.5),
    )
    assert found["title"] == "In alarm: Upgrade success, 2 slices; 1 more watched"
    assert [each.cells[0] for each in found["table"].rows] == [
        "Fleet", "1.31.2 · westeurope (version, region)", "westus (region)", "eastus (region)",
    ]  # fmt: skip
    assert [each.cells[2] for each in found["table"].rows] == ["Alarm", "Alarm", "Alarm", "Watch"]
    assert found["table"].fold == Fold(3, "1 that is watched")
    assert found["table"].rows[1].scope == {"version": "1.31.2", "region": "westeurope"}


def test_a_row_has_its_counts_its_evidence_and_when_that_was_strongest(build):
    found = section(build, row("alarm", math.log(7.9), highest=math.log(45.2)))
    assert found["table"].rows[0].cells == (
        "Fleet", "Upgrade success", "Alarm", "30", "1,000", "10", "at most 1 in 7", "at most 1 in 45, 6 Feb",
    )  # fmt: skip


def test_what_is_only_watched_is_no_alarm(build):
    found = section(build, row("quiet", 0.0), row("watch", 2.0, region="eastus"))
    assert found["title"] == "No alarm; 1 of 2 fleet and slice figures are watched"


@pytest.mark.parametrize(
    ("log_e", "expected"),
    [
        pytest.param(-math.inf, "no evidence", id="none at all"),
        pytest.param(0.0, "no evidence", id="as much as no operation gives"),
        pytest.param(math.log(1.5), "at most 1 in 1", id="next to nothing"),
        pytest.param(math.log(2345.6), "at most 1 in 2,345", id="never rounded up"),
        pytest.param(900.0, "fewer than 1 in 1,000,000", id="more than floats hold"),
    ],
)
def test_evidence_is_said_as_how_rare_it_is_in_healthy_months(log_e, expected):
    assert alarm.in_words(log_e) == expected


def test_the_note_names_the_days_the_restart_and_what_is_assumed(build):
    # The report day is 12 February; a day's deadline and three days for late deliveries later, the 8th is closed.
    note = section(build)["note"]
    assert "closed days from 1 Feb 2025 to 8 Feb 2025:" in note
    assert "starts anew on the first of each month" in note
    assert f"at most 5{N}% of them by chance" in note
    assert "a standard deviation of 0.3 on the logit scale" in note
    late = build.objective("late", late_data_horizon_seconds=12 * 86_400)
    assert (
        "from 1 Jan 2025 to 30 Jan 2025 or 1 Feb 2025 to 8 Feb 2025:"
        in section(build, objectives=[build.objective(), late])["note"]
    )


def test_a_target_of_zero_is_not_watched(build):
    assert section(build, objectives=[build.objective(target=0.0)])["note"] == "No objective has a share of failures to watch."


def test_a_long_list_says_how_many_there_are(build):
    found = section(build, *(row("watch", 2.0, region=f"r{number}") for number in range(40)))
    assert len(found["table"].rows) == 10
    assert found["table"].note == "The first 10 of 40."
