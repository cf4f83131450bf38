"""Closed cohorts: which days are closed, and that their counts are those of the cells."""

from datetime import date

import pytest

from assets.slo.closed_cohorts import Period, closed_cohorts, closed_period
from tests.data.made_objectives import objectives, ratio, threshold
from tests.data.small_home import day, event, small_home

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("objective", "last"),
    [
        pytest.param(
            ratio(deadline_seconds=DAY, late_data_horizon_seconds=0), 19, id="a deadline of a day leaves the day before"
        ),
        pytest.param(ratio(deadline_seconds=DAY + 1, late_data_horizon_seconds=0), 18, id="a second more leaves one day less"),
        pytest.param(ratio(deadline_seconds=DAY, late_data_horizon_seconds=3 * DAY), 16, id="late deliveries are waited for"),
        pytest.param(ratio(deadline_seconds=0, late_data_horizon_seconds=0), 20, id="nothing to wait for"),
        pytest.param(
            threshold(value=50.0 * HOUR, deadline_seconds=DAY, late_data_horizon_seconds=0), 17, id="a limit beyond the deadline"
        ),
    ],
)
def test_a_day_is_closed_when_its_deadline_and_the_late_data_horizon_have_passed(objective, last):
    assert closed_period(objective, date(2026, 11, 20)) == Period(date(2026, 11, 1), date(2026, 11, last))


def test_evidence_starts_anew_when_the_first_of_a_month_is_closed():
    objective = ratio(deadline_seconds=DAY, late_data_horizon_seconds=0)
    assert closed_period(objective, date(2026, 12, 1)) == Period(date(2026, 11, 1), date(2026, 11, 30))
    assert closed_period(objective, date(2026, 12, 2)) == Period(date(2026, 12, 1), date(2026, 12, 1))


def test_only_closed_days_of_the_month_are_counted_for_the_fleet_and_every_slice(tmp_path):
    wanted = objectives(
        ratio(slice_by=("region",), target=0.75, deadline_seconds=DAY, late_data_horizon_seconds=0),
        ratio(name="anything goes", target=0.0),
    )
    outcomes = [
        ("2026-10-31", "failed", "west"), ("2026-11-01", "failed", "west"), ("2026-11-01", "succeeded", "east"),
        ("2026-11-03", "succeeded", "west"), ("2026-11-03", "cancelled", "east"), ("2026-11-04", "failed", "west"),
    ]  # fmt: skip
    with small_home(tmp_path) as home:
        home.deliver(
            "2026-11-04",
            *(
                event(type_, f"{start} {time}", operation=f"op{number}", region=region, provider="aks", trigger="manual")
                for number, (start, outcome, region) in enumerate(outcomes)
                for type_, time in (("started", "08:00"), (outcome, "09:00"))
            ),
        )
        home.take_in("2026-11-04")
        home.fold("2026-11-04")
        home.count("2026-11-04", wanted)
        found = closed_cohorts(home.db, day=day("2026-11-04"), objectives=wanted)
    assert set(found["slo"]) == {"success"}
    assert set(found["limit"]) == {0.25}
    counts = [
        (row["slice_by"], row["region"], row["day"].day, row["bad"], row["total"])
        for row in found.iter_rows(named=True)
        if row["slice_by"] in ("", "region")
    ]
    assert counts == [
        ("", None, 1, 1, 2), ("", None, 3, 0, 1),
        ("region", "east", 1, 0, 1), ("region", "west", 1, 1, 1), ("region", "west", 3, 0, 1),
    ]  # fmt: skip
    lone = found.filter(found["slice_by"] == "provider")
    assert lone.select("provider", "bad", "total").rows() == [("aks", 1, 2), ("aks", 0, 1)]
