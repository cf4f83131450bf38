"""Alerts: when a rule fires and since when, when a short one would have fired, and that windows count what they say."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from assets.slo.alert_rules import AlertRule
from assets.slo.alerts import Finding, Looks, alerts, fires, live_finding, replay_finding, rules_on, write_alerts
from assets.slo.objectives import Objective
from tests.data.made_objectives import objectives, ratio, start, threshold
from tests.data.small_home import Row, SmallHome, at, day, event, small_home

HOUR, DAY = 60, 1_440
TODAY = "2026-11-20"
RULE = AlertRule("burns", "ticket", Fraction(2), 3 * DAY, 6 * HOUR, fewest_bad=1)
HOURLY = AlertRule("hourly", "page", Fraction(5), HOUR, 5, fewest_bad=1)


def looks(*each: tuple[int, int, int, int]) -> Looks:
    """Bad and total of the long window, bad and total of the short one, look by look."""
    return Looks(*(np.array(counts, np.int64) for counts in zip(*each, strict=True)))


def flags(text: str) -> Any:
    return np.array([letter == "x" for letter in text])


def watched(*rules: AlertRule, **changes: Any) -> Objective:
    """All but one in ten must succeed; nothing is waited for, and no operation is too few."""
    plain = {"target": 0.9, "min_events": 1, "deadline_seconds": 86_400, "late_data_horizon_seconds": 0, "alert_rules": rules}
    return ratio(**(plain | changes))


def operation(name: str, started: str, outcome: str = "succeeded", *, minutes: float = 10, **more: Any) -> list[Row]:
    ended = datetime.fromisoformat(started) + timedelta(minutes=minutes)
    return [
        event("started", started, operation=name, region="west", **more),
        event(outcome, ended.isoformat(" "), operation=name, region="west", **more),
    ]


def counted(home: SmallHome, objective: Objective, *events: list[Row], upto: str = TODAY) -> None:
    home.deliver(upto, *(event for each in events for event in each))
    home.take_in(upto)
    home.fold(upto)
    home.count(upto, objectives(objective))


def judged(home: SmallHome, objective: Objective, *events: list[Row], upto: str = TODAY) -> dict[str, Row]:
    """The alert of each rule once these events have been delivered."""
    counted(home, objective, *events, upto=upto)
    found = alerts(home.db, day=day(upto), objectives=objectives(objective))
    return {row["condition"]: row for row in found.to_dicts()}


# A rule and its counts


@pytest.mark.parametrize(
    ("look", "changes", "expected"),
    [
        pytest.param((20, 100, 4, 20), {}, True, id="both windows at twice the pace fire"),
        pytest.param((19, 100, 4, 20), {}, False, id="a long window below it does not"),
        pytest.param((20, 100, 3, 20), {}, False, id="a short window below it does not: the trouble is over"),
        pytest.param((20, 100, 4, 20), {"is_strict": True}, False, id="above twice the pace is asked for"),
        pytest.param((20, 100, 4, 20), {"fewest_bad": 21}, False, id="too few bad ones"),
        pytest.param((4, 19, 4, 19), {}, False, id="too few operations"),
        pytest.param((0, 0, 0, 0), {}, False, id="nothing happened"),
        pytest.param((20, 100, 0, 0), {}, False, id="nothing happened lately"),
        # P(X >= 20) of 100 at 0.1 is 0.002, P(X >= 5) of 25 is 0.098.
        pytest.param((20, 100, 4, 20), {"confidence": 0.95}, True, id="more than chance does"),
        pytest.param((20, 100, 4, 20), {"confidence": 0.999}, False, id="chance may do that once in a thousand times"),
        pytest.param((5, 25, 4, 20), {"confidence": 0.95}, False, id="chance alone may do that"),
    ],
)
def test_a_rule_fires_when_both_windows_burn_fast_enough_on_enough_operations(look, changes, expected):
    rule = replace(RULE, **changes)
    assert fires(rule, looks(look), target=0.9, min_events=20).tolist() == [expected]


@pytest.mark.parametrize(
    ("held", "after_days", "expected"),
    [
        pytest.param("...x", 0, Finding("firing", 3, 1), id="today"),
        pytest.param(".xxx", 0, Finding("firing", 3, 3), id="for three days"),
        pytest.param("xxxx", 0, Finding("firing", 3, 4), id="for as long as is looked"),
        pytest.param("x.xx", 1, Finding("firing", 3, 1), id="a day of waiting is over today"),
        pytest.param("xx.x", 1, Finding("quiet", 3), id="a day of waiting is not over"),
        pytest.param("..x.", 0, Finding("resolved", 3), id="since yesterday no longer"),
        pytest.param("..x.", 1, Finding("quiet", 3), id="what was waited for never fired"),
        pytest.param(".x..", 0, Finding("quiet", 3), id="over for longer"),
        pytest.param("....", 0, Finding("quiet", 3), id="never"),
    ],
)
def test_a_live_rule_fires_while_it_holds(held, after_days, expected):
    assert live_finding(flags(held), flags("xxxx"), after_days=after_days) == expected


def test_a_live_rule_without_data_today_says_so_whatever_was_before():
    assert live_finding(flags("xxx."), flags("xxx."), after_days=0) == Finding("no_data", 3)


@pytest.mark.parametrize(
    ("held", "after_minutes", "expected"),
    [
        pytest.param("..xx.x", 0, Finding("would_have_fired", 2, 3), id="first at the third minute, three in all"),
        pytest.param("xxx..x", 1, Finding("would_have_fired", 1, 2), id="the minute before the day leads up to its first"),
        pytest.param("x.x.x.", 1, Finding("quiet", 3), id="never long enough"),
    ],
)
def test_a_replayed_rule_tells_its_first_minute(held, after_minutes, expected):
    day_of_looks = looks((0, 10, 0, 10), (0, 10, 0, 10), (1, 10, 0, 10), (3, 10, 0, 10), (2, 10, 0, 10), (0, 10, 0, 10))
    assert replay_finding(flags(held), day_of_looks, after_minutes=after_minutes) == expected


def test_a_replay_of_a_day_without_data_says_so():
    assert replay_finding(flags(".."), looks((0, 0, 0, 0), (1, 1, 0, 0)), after_minutes=0).state == "no_data"


# Counted from operations


def test_a_live_rule_counts_the_days_and_hours_up_to_the_report_and_knows_since_when_it_fires(tmp_path):
    events = (
        operation("a", "2026-11-17 23:00", "failed"),  # before the three days
        operation("b", "2026-11-18 08:00"),
        operation("c", "2026-11-18 09:00"),
        operation("d", "2026-11-19 17:59", "failed"),  # before the six hours of that day
        operation("e", "2026-11-19 18:00", "failed"),
        operation("f", "2026-11-20 08:00", "cancelled"),
        operation("g", "2026-11-20 20:00", "failed"),
        operation("h", "2026-11-20 23:59"),
    )
    with small_home(tmp_path) as home:
        found = judged(home, watched(RULE), *events)["burns"]
    assert (found["bad"], found["total"], found["short_bad"], found["short_total"]) == (3, 6, 1, 2)
    assert (found["burn_rate"], found["short_burn_rate"]) == (pytest.approx(5), pytest.approx(5))
    assert (found["state"], found["since"]) == ("firing", day("2026-11-19"))
    assert (found["judged_at"], found["evaluation"]) == (at("2026-11-21 00:00"), "live")
    assert (found["long_window"], found["short_window"], found["threshold"]) == ("3d", "6h", 2.0)


def test_a_rule_is_not_evaluated_on_a_window_in_which_nothing_was_decided(tmp_path):
    with small_home(tmp_path) as home:
        found = judged(home, watched(RULE, HOURLY), operation("a", "2026-11-20 17:59", "failed", minutes=400))
    assert (found["burns"]["state"], found["burns"]["burn_rate"], found["burns"]["short_burn_rate"]) == (
        "no_data",
        pytest.approx(10),
        None,
    )
    assert (found["hourly"]["state"], found["hourly"]["total"]) == ("no_data", 0)  # it was decided on the next day


def test_a_rule_of_one_day_reads_the_newest_closed_day(tmp_path):
    objective = watched(replace(RULE, long_minutes=DAY, short_minutes=2 * HOUR), late_data_horizon_seconds=86_400)
    events = (operation("a", "2026-11-18 23:00", "failed"), operation("b", "2026-11-20 23:00"))
    with small_home(tmp_path) as home:
        found = judged(home, objective, *events)["burns"]
    assert (found["bad"], found["total"], found["state"], found["since"]) == (1, 1, "firing", day("2026-11-18"))
    assert found["judged_at"] == at("2026-11-19 00:00")


def test_a_replayed_rule_would_have_fired_in_the_minute_in_which_an_outcome_was_known(tmp_path):
    events = (
        operation("a", "2026-11-20 11:00", minutes=30),  # known at 11:30, too early for the hour up to 13:00
        operation("b", "2026-11-20 09:00", "failed", minutes=239.5),  # at 12:59:30
        operation("c", "2026-11-20 13:01", minutes=1),  # half of the hour is good: still five times the pace, until 13:59
        operation("d", "2026-11-20 13:02", minutes=1),
    )
    with small_home(tmp_path) as home:
        found = judged(home, watched(HOURLY), *events)["hourly"]
    assert (found["state"], found["first_at"], found["judged_at"]) == ("would_have_fired", *[at("2026-11-20 13:00")] * 2)
    assert (found["bad"], found["total"], found["short_bad"], found["short_total"]) == (1, 1, 1, 1)
    # At 13:03 one of two burns five times, at 13:04 one of three does not.
    assert (found["firing_minutes"], found["since"], found["evaluation"]) == (4, None, "replay")


@pytest.mark.parametrize(
    ("objective", "events", "first_at"),
    [
        pytest.param(
            watched(HOURLY, deadline_seconds=7_200), [event("started", "2026-11-20 05:00", region="west")],
            "2026-11-20 07:01", id="an operation that outlives its deadline is bad when it is over",
        ),
        pytest.param(
            threshold(value=3_600.0, alert_rules=(HOURLY,), min_events=1), operation("a", "2026-11-20 05:00", minutes=180),
            "2026-11-20 06:01", id="one that takes too long is bad when its time is up",
        ),
        pytest.param(
            threshold(alert_rules=(HOURLY,), min_events=1), operation("a", "2026-11-20 05:00", "failed", minutes=20),
            "2026-11-20 05:21", id="one that fails is bad at once",
        ),
        pytest.param(
            start(value=3_600.0, alert_rules=(HOURLY,), min_events=1), [event("scheduled", "2026-11-20 05:00", region="west")],
            "2026-11-20 06:01", id="one that does not begin is bad when it ought to have",
        ),
        pytest.param(
            watched(HOURLY), operation("a", "2026-11-19 23:00", "failed", minutes=90),
            "2026-11-20 00:31", id="one of yesterday counts when it is decided",
        ),
    ],
)  # fmt: skip
def test_an_operation_is_replayed_at_the_moment_of_its_verdict(tmp_path, objective, events, first_at):
    with small_home(tmp_path) as home:
        found = judged(home, objective, events)["hourly"]
    assert (found["state"], found["first_at"]) == ("would_have_fired", at(first_at))


def test_windows_of_any_length_count_the_operations_that_started_in_them(tmp_path):
    draw = random.Random(3)  # noqa: S311 - test data
    minutes = {"1d": (DAY, 2 * HOUR), "36h": (36 * HOUR, 3 * HOUR), "3d": (3 * DAY, 30 * HOUR), "50h": (50 * HOUR, DAY)}
    rules = tuple(AlertRule(name, "any", Fraction(1), long, short) for name, (long, short) in minutes.items())
    began = [(at("2026-11-14 00:00") + timedelta(minutes=draw.randrange(7 * DAY)), draw.random() < 0.3) for _ in range(300)]
    events = [
        operation(f"op{number}", started.isoformat(" "), "failed" if is_bad else "succeeded", minutes=1)
        for number, (started, is_bad) in enumerate(began)
    ]
    with small_home(tmp_path) as home:
        found = judged(home, watched(*rules), *events)
    for name, (long, short) in minutes.items():
        end = found[name]["judged_at"]
        assert end == at("2026-11-20 00:00" if name == "1d" else "2026-11-21 00:00")
        for length, prefix in ((long, ""), (short, "short_")):
            bad = [is_bad for started, is_bad in began if end - timedelta(minutes=length) <= started < end]
            assert (found[name][f"{prefix}bad"], found[name][f"{prefix}total"]) == (sum(bad), len(bad)), (name, prefix)


# The table


def test_the_rows_of_a_day_are_replaced_and_those_of_other_days_stay(tmp_path):
    objective = watched(RULE, HOURLY)
    with small_home(tmp_path) as home:
        counted(home, objective, operation("a", "2026-11-19 20:00", "failed"), upto="2026-11-19")
        with home.transaction() as db:
            assert write_alerts(db, day=day("2026-11-19"), objectives=objectives(objective)) == 2
        first = home.rows("SELECT * FROM slo.alerts ORDER BY ALL")
        counted(home, objective, operation("b", "2026-11-20 20:00"))
        for _ in range(2):
            with home.transaction() as db:
                write_alerts(db, day=day(TODAY), objectives=objectives(objective))
        rows = home.rows("SELECT * FROM slo.alerts ORDER BY ALL")
    assert [row for row in rows if row["report_date"] == day("2026-11-19")] == first
    assert [(row["condition"], row["state"]) for row in rows[2:]] == [("burns", "resolved"), ("hourly", "quiet")]


@pytest.mark.parametrize(
    ("objective", "names"),
    [
        pytest.param(ratio(target=0.995, alert_rules=()), [], id="an empty list of policies"),
        pytest.param(ratio(target=0.995, slice_seconds=3_600), [], id="a budget of time slices"),
        pytest.param(ratio(target=0.0), [], id="a target that allows everything"),
        pytest.param(ratio(target=0.995, alert_rules=(RULE,)), ["burns"], id="policies of its own"),
    ],
)
def test_an_objective_has_the_rules_of_its_policies_or_none(objective, names):
    assert [rule.name for rule in rules_on(objective, day(TODAY))] == names


def test_an_objective_without_policies_has_the_shipped_tiers_for_its_window():
    rules = rules_on(ratio(target=0.995, window="30d", window_days=30), day(TODAY))
    assert [float(rule.threshold) for rule in rules][:4] == pytest.approx([14.4, 6.0, 3.0, 1.0])
