"""The burn-rate alerts' section: what fires, since when, on what counts, and what is said when nothing does."""

from datetime import date
from typing import Any

import pytest

from assets.reports import alarm, alerts
from assets.reports.scores import scores
from assets.reports.summary import summary_text
from assets.reports.tables import Fold
from tests.reports.conftest import REPORT_DATE, utc

N = "\u202f"


def alert(state: str = "quiet", *, slo: str = "upgrade-success", condition: str = "burns", **changes: Any) -> dict[str, Any]:
    """302 of 11,800 in three days: 2.56 times what 99 % allow, where 0.93 would do."""
    firing = {"since": date(2025, 2, 9)} if state == "firing" else {}
    replayed = {"evaluation": "replay", "long_window": "1h", "short_window": "5m", "judged_at": utc(2025, 2, 12, 8, 10)}
    fired = {"first_at": utc(2025, 2, 12, 8, 10), "firing_minutes": 50}
    return {
        "report_date": REPORT_DATE, "slo": slo, "condition": condition, "severity": "page", "evaluation": "live",
        "long_window": "3d", "short_window": "6h", "threshold": 28 / 30, "fewest_bad": 3, "judged_at": utc(2025, 2, 13),
        "bad": 302, "total": 11_800, "burn_rate": 302 / 118, "short_bad": 2, "short_total": 20, "short_burn_rate": 10.0,
        "state": state, "since": None, "first_at": None, "firing_minutes": None,
        **firing, **(replayed | fired if state == "would_have_fired" else {}), **changes,
    }  # fmt: skip


def given(build, *rows: dict[str, Any]):
    """Two objectives, and these alerts."""
    made = build.Input().add(build.objective(), [(1_000, 5)] * 28).add(build.objective("speed"), [(1_000, 5)] * 28)
    made.alerts = list(rows)
    return made.data()


def section(build, *rows: dict[str, Any]) -> dict[str, Any]:
    data = given(build, *rows)
    return alerts.section(data, scores(data))


def cells(found: dict[str, Any]) -> list[tuple[str, ...]]:
    return [row.cells for row in found["table"].rows]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        pytest.param([], "No objective has an alert rule", id="no rule"),
        pytest.param([alert()], "No alert fires: 1 rule is quiet", id="quiet"),
        pytest.param(
            [alert(), alert("no_data", condition="b")], "No alert fires: 1 rule is quiet; 1 more cannot be told", id="untold",
        ),
        pytest.param([alert("no_data")], "No alert: every rule has a window without a decided upgrade", id="too little happened"),
        pytest.param([alert("firing")], "An alert fires for Upgrade success", id="one fires"),
        pytest.param(
            [alert("firing"), alert("firing", condition="b"), alert("firing", slo="speed"), alert("resolved", slo="speed")],
            "An alert fires for Upgrade success, Speed; 3 rules in all", id="several fire",
        ),
        pytest.param([alert("resolved"), alert("no_data", condition="b")],
                     "No alert fires; 1 rule no longer does; 1 more cannot be told", id="over"),
        pytest.param([alert("firing"), alert("no_data", condition="b")],
                     "An alert fires for Upgrade success; 1 more cannot be told", id="one cannot be told"),
        pytest.param(
            [alert("would_have_fired"), alert("would_have_fired", condition="b", first_at=utc(2025, 2, 12, 7))],
            f"No alert fires; Upgrade success would have fired at 07:00 UTC (1{N}h), and 1 rule more", id="one would have",
        ),
    ],
)  # fmt: skip
def test_the_title_says_what_fires(build, rows, title):
    assert section(build, *rows)["title"] == title


def test_every_rule_is_listed_with_its_counts_what_fires_first(build):
    found = section(
        build,
        alert("quiet"),
        alert("firing", slo="speed", condition="slow", threshold=0.4),
        alert("firing", slo="speed", condition="fast", threshold=2.5),
        alert("would_have_fired", threshold=13.44),
        alert("no_data", condition="none", bad=0, total=0, burn_rate=None),
    )
    long, short = "2.56× (302 of 11,800)", "2 of 20"  # a rate of 20 says nothing
    assert cells(found) == [
        ("Speed", f"2.50× over 3{N}d and 6{N}h", "page", "Firing since 9 Feb", long, short, "12 Feb"),
        ("Speed", f"0.40× over 3{N}d and 6{N}h", "page", "Firing since 9 Feb", long, short, "12 Feb"),
        ("Upgrade success", f"13.44× over 1{N}h and 5{N}m", "page", f"Would have fired at 08:10 UTC, 50{N}min in all",
         long, short, "08:10 UTC"),
        ("Upgrade success", f"0.93× over 3{N}d and 6{N}h", "page", "No data", "0 of 0", short, "12 Feb"),
        ("Upgrade success", f"0.93× over 3{N}d and 6{N}h", "page", "Quiet", long, short, "12 Feb"),
    ]  # fmt: skip


def test_what_has_fired_for_as_long_as_is_looked_may_have_fired_before(build):
    # 28 days are looked at, of which the newest ends with the 12th: the first is 16 January.
    found = cells(
        section(build, alert("firing", since=date(2025, 1, 16)), alert("firing", condition="z", since=date(2025, 1, 17)))
    )
    assert [row[3] for row in found] == ["Firing since 16 Jan or earlier", "Firing since 17 Jan"]


def test_rules_that_are_quiet_are_folded_away(build):
    assert section(build, alert("quiet"), alert("firing", slo="speed"))["table"].fold == Fold(1, "1 rule that is quiet")
    assert section(build, alert("firing", slo="speed"))["table"].fold is None


def test_a_burn_rate_below_its_threshold_is_not_printed_as_the_threshold(build):
    found = section(build, alert(threshold=2.8, bad=55, total=3_930, burn_rate=2.7989822))
    assert cells(found)[0][1].startswith("2.80×")
    assert cells(found)[0][4] == "2.799× (55 of 3,930)"


def test_the_words_of_the_page_keep_burn_rate_alerts_and_the_daily_alarm_apart(build):
    found = section(build, alert("firing"))
    assert alerts.TITLE != alarm.TITLE
    assert "notifies nobody" in found["note"]
    assert "the daily alarm below asks another: for evidence" in found["note"]


def test_an_objective_without_a_rule_is_named(build):
    assert "Without a rule that can be looked at: Speed." in section(build, alert())["note"]


def test_the_summary_has_a_line_when_something_fires_and_none_when_nothing_does(build):
    def line(*rows: dict[str, Any]) -> list[str]:
        return [line for line in summary_text(given(build, *rows)).splitlines() if line.startswith("Alerts:")]

    assert line(alert(), alert("resolved", condition="b")) == []
    assert line(alert("would_have_fired")) == ["Alerts: Upgrade success would have fired at 08:10 UTC (1 h)"]
    assert line(alert("would_have_fired"), alert("firing", condition="b"), alert("firing", slo="speed", severity="<@here>")) == [
        "Alerts: Upgrade success burns 2.56× over 3 d (page); 1 more"
    ]
    assert line(alert("firing", severity="<@here>")) == ["Alerts: Upgrade success burns 2.56× over 3 d (‹＠here›)"]
