"""Alerts: whether each objective's budget burns as fast as its alert rules ask, at the end of a report day.

Belongs here: the windows that are counted, whether a rule fires and since when, and when a short one would have fired.
Does not belong here: the rules (`alert_rules.py`), wording (`assets/reports/alerts.py`), telling anybody
(`assets/reports/notifications.py`), and the daily alarm, which is evidence of another kind (`assets/health/always_valid.py`).

Rules are over the fleet. Slices are many, and a threshold tells chance from trouble in none of them: the daily alarm does.
A rule of a day or more is live: it is looked at once a day, by the days on which operations started. A shorter one is replayed
over the report day by the minutes in which operations were decided: it says when it would have fired, and notifies nobody.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from assets.frames import columns, query
from assets.moments import end_of, start_of
from assets.slo import error_budget, intervals, slices
from assets.slo.alert_rules import DAYS_LOOKED_AT, MINUTES_PER_DAY, AlertRule, shipped_rules, shorthand
from assets.slo.cells import require_counted
from assets.slo.classification import judged_sql, longest_wait_seconds, outcome_sql
from assets.slo.closed_cohorts import closed_period, is_watched
from assets.slo.objectives import START_DELAY, Objective, Objectives
from assets.slo.windows import own_window
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

LIVE, REPLAY = "live", "replay"
FIRING, RESOLVED, QUIET, NO_DATA, WOULD_HAVE_FIRED = "firing", "resolved", "quiet", "no_data", "would_have_fired"
STATES = {LIVE: (FIRING, RESOLVED, QUIET, NO_DATA), REPLAY: (WOULD_HAVE_FIRED, QUIET, NO_DATA)}
SCHEMA = pl.Schema(
    {
        "report_date": pl.Date(),
        "slo": pl.String(),
        "condition": pl.String(),
        "severity": pl.String(),
        "evaluation": pl.String(),
        "long_window": pl.String(),
        "short_window": pl.String(),
        "threshold": pl.Float64(),
        "fewest_bad": pl.Int64(),
        "judged_at": pl.Datetime("us"),  # the end of both windows: the newest looked at, of a replay the most telling one
        "bad": pl.Int64(),
        "total": pl.Int64(),
        "burn_rate": pl.Float64(),
        "short_bad": pl.Int64(),
        "short_total": pl.Int64(),
        "short_burn_rate": pl.Float64(),
        "state": pl.String(),
        "since": pl.Date(),  # of what fires: the first day without a break at whose end it did, of the last 28
        "first_at": pl.Datetime("us"),  # of a replay: when it would have fired first
        "firing_minutes": pl.Int64(),  # of a replay: for how many minutes of the day
    }
)

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Looks:
    """The counts of a rule's two windows, look by look in order of time."""

    bad: Counts
    total: Counts
    short_bad: Counts
    short_total: Counts

    @property
    def has_data(self) -> Flags:
        """Where both windows have a decided operation; without one there is nothing to compare."""
        return (self.total > 0) & (self.short_total > 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a rule. `look` is the one that shows it; `held_for` counts the looks in a row at which it has fired."""

    state: str
    look: int
    held_for: int = 0


def rules_on(objective: Objective, day: date) -> tuple[AlertRule, ...]:
    """The rules of an objective: those of its policies, failing these the shipped tiers for its window on a report day.

    None for a budget of time slices, which no operation spends, or one that allows everything.
    """
    if not is_watched(objective):
        return ()
    if objective.alert_rules is not None:
        return objective.alert_rules
    window = own_window(objective, day)
    return shipped_rules(window_minutes=(window.end - window.start) // timedelta(minutes=1), target=objective.target)


def write_alerts(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> int:
    """Replace the rows of report date `day` in `slo.alerts`; returns how many there are now. Call it inside a transaction.

    Raises:
        WrongDay: when the tables underneath do not stand at `day`.
    """
    frame = alerts(db, day=day, objectives=objectives)
    db.execute("DELETE FROM slo.alerts WHERE report_date = ?", [day])
    db.register("alerts_frame", frame.to_arrow())
    db.execute("INSERT INTO slo.alerts SELECT * FROM alerts_frame")
    db.unregister("alerts_frame")
    return frame.height


def alerts(db: duckdb.DuckDBPyConnection, *, day: date, objectives: Objectives) -> pl.DataFrame:
    """One row per SLO and rule with the columns of `SCHEMA`, from the operations as known at the end of `day`.

    Earlier days are judged as they are known now, so that the same deliveries give the same rows whatever has been run before.
    """
    require_counted(db, day, objectives)
    rows: list[dict[str, Any]] = []
    for objective in objectives.objectives:
        rules = rules_on(objective, day)
        rows += _live(db, objective, [rule for rule in rules if not rule.is_replayed], day)
        rows += _replayed(db, objective, [rule for rule in rules if rule.is_replayed], day)
    return pl.DataFrame(rows, schema=SCHEMA)


def fires(rule: AlertRule, looks: Looks, *, target: float, min_events: int) -> Flags:
    """At which looks both windows burn as fast as the rule asks, in enough operations, enough of them bad. Integers decide."""
    held = looks.has_data & (looks.total >= min_events) & (looks.bad >= rule.fewest_bad)
    held &= looks.bad >= _bad_needed(rule, looks.total, target)
    held &= looks.short_bad >= _bad_needed(rule, looks.short_total, target)
    if rule.confidence is not None and held.any():
        bad, total = looks.bad[held], looks.total[held]
        held[held] = intervals.verdict(total - bad, bad, target, rule.confidence) == intervals.MISSED
    return held


def live_finding(held: Flags, has_data: Flags, *, after_days: int) -> Finding:
    """What the newest of daily looks says, given when the rule held. It fires once it has held for `after_days` days more."""
    newest = len(held) - 1
    if not has_data[newest]:
        return Finding(NO_DATA, newest)
    if held[newest]:
        run = _run_up_to(held, newest)
        return Finding(FIRING, newest, run - after_days) if run > after_days else Finding(QUIET, newest)
    had_fired = newest > 0 and _run_up_to(held, newest - 1) > after_days
    return Finding(RESOLVED if had_fired else QUIET, newest)


def replay_finding(held: Flags, looks: Looks, *, after_minutes: int) -> Finding:
    """When a rule would have fired first, given at which minutes it held; failing that, the minute that burned most.

    The first `after_minutes` looks only lead up to those that count.
    """
    lasting = _window_sums(held.astype(np.int64), after_minutes + 1) == after_minutes + 1
    lasting[:after_minutes] = False
    if lasting.any():
        return Finding(WOULD_HAVE_FIRED, int(lasting.argmax()), int(lasting.sum()))
    counted = looks.has_data.copy()
    counted[:after_minutes] = False
    if not counted.any():
        return Finding(NO_DATA, len(held) - 1)
    return Finding(QUIET, int(np.where(counted, looks.bad / np.maximum(looks.total, 1), -1).argmax()))


def _live(db: duckdb.DuckDBPyConnection, objective: Objective, rules: list[AlertRule], day: date) -> list[dict[str, Any]]:
    if not rules:
        return []
    newest = [_newest_day(rule, objective, day) for rule in rules]
    windows: list[dict[str, Any]] = [
        {
            "rule": number,
            "is_short": is_short,
            "newest": end_of(newest[number]),
            "whole_days": minutes // MINUTES_PER_DAY,
            "more_minutes": minutes % MINUTES_PER_DAY,
        }
        for number, rule in enumerate(rules)
        for is_short, minutes in ((False, rule.long_minutes), (True, rule.short_minutes))
    ]
    longest_days = max(window["whole_days"] for window in windows) + 1
    oldest = min(newest) - timedelta(days=DAYS_LOOKED_AT - 1)
    in_part = [each["whole_days"] for each in windows if each["more_minutes"]]
    days = "day >= $parts_from AND day <= $report_date" if in_part else "false AND $parts_from <= $report_date"
    statement = compose(sql("count_alert_windows"), judged=judged_sql(objective, days))
    values = {
        "slo": objective.name,
        "grain": ",".join(slices.finest(objective)),
        "windows": windows,
        "days_looked_at": DAYS_LOOKED_AT,
        "first_day": oldest - timedelta(days=longest_days),
        "parts_from": oldest - timedelta(days=max(in_part, default=0)),
        "report_date": day,
        "as_of": end_of(day),
    }
    counted = query(db, statement, values).partition_by("rule", "is_short", as_dict=True)
    rows = []
    for number, rule in enumerate(rules):
        long, short = counted[number, False], counted[number, True]
        looks = Looks(*(frame[name].to_numpy() for frame in (long, short) for name in ("bad", "total")))
        held = _fires(rule, looks, objective)
        after_days = rule.after_minutes // MINUTES_PER_DAY  # of less than a day, a look a day sees nothing
        found = live_finding(held, looks.has_data, after_days=after_days)
        since = newest[number] - timedelta(days=found.held_for - 1) if found.state == FIRING else None
        rows.append(_row(objective, rule, day, looks, found, judged_at=end_of(newest[number])) | {"since": since})
    return rows


def _replayed(db: duckdb.DuckDBPyConnection, objective: Objective, rules: list[AlertRule], day: date) -> list[dict[str, Any]]:
    """Minute by minute of the day, with what comes before it in the longest window."""
    if not rules:
        return []
    before = max(rule.long_minutes + rule.after_minutes for rule in rules)
    start = start_of(day) - timedelta(minutes=before)
    wait = timedelta(seconds=longest_wait_seconds(objective))
    statement = compose(
        sql("count_decided_minutes"),
        decided_at=_decided_at(objective),
        outcome=outcome_sql(objective),
        total_where=objective.total_where,
    )
    values = {
        "start": start,
        "end": end_of(day),
        "first_day": (start - wait).date(),
        "report_date": day,
        "as_of": end_of(day),
    }
    decided = columns(db, statement, values)
    bad, total = np.zeros((2, before + MINUTES_PER_DAY), np.int64)
    bad[decided["minute"]], total[decided["minute"]] = decided["bad"], decided["total"]
    rows = []
    for rule in rules:
        looked_at = MINUTES_PER_DAY + rule.after_minutes
        sums = [_window_sums(counts, minutes) for minutes in (rule.long_minutes, rule.short_minutes) for counts in (bad, total)]
        looks = Looks(*(each[-looked_at:] for each in sums))
        found = replay_finding(_fires(rule, looks, objective), looks, after_minutes=rule.after_minutes)
        judged_at = start_of(day) + timedelta(minutes=found.look - rule.after_minutes + 1)
        fired = {"first_at": judged_at, "firing_minutes": found.held_for} if found.state == WOULD_HAVE_FIRED else {}
        rows.append(_row(objective, rule, day, looks, found, judged_at=judged_at) | fired)
    return rows


def _newest_day(rule: AlertRule, objective: Objective, day: date) -> date:
    """The last day of the newest windows. Those of one day wait until it is closed: of a young day too little is known."""
    return closed_period(objective, day).last if rule.long_minutes <= MINUTES_PER_DAY else day


def _decided_at(objective: Objective) -> str:
    """SQL for the moment in which an operation's outcome was known: when it ended or began, or when its time was up."""
    since, until = ("scheduled_at", "started_at") if objective.measured == START_DELAY else ("started_at", "finished_at")
    wait_us = round(longest_wait_seconds(objective) * 1_000_000)
    return f"least({until}, {since} + to_microseconds({wait_us}))" if wait_us else until


def _fires(rule: AlertRule, looks: Looks, objective: Objective) -> Flags:
    return fires(rule, looks, target=objective.target, min_events=objective.min_events)


def _bad_needed(rule: AlertRule, totals: Counts, target: float) -> Counts:
    different, places = np.unique(totals, return_inverse=True)
    return np.array([rule.bad_needed(int(total), target) for total in different], np.int64)[places]


def _window_sums(counts: Counts, length: int) -> Counts:
    """The sum of each entry and the `length - 1` before it, as far as there are so many."""
    sums = counts.cumsum()
    sums[length:] = sums[length:] - sums[:-length]
    return sums


def _run_up_to(held: Flags, last: int) -> int:
    """How many entries up to this one are true without a break."""
    gaps = np.flatnonzero(~held[: last + 1])
    return last - int(gaps[-1]) if len(gaps) else last + 1


def _row(
    objective: Objective, rule: AlertRule, day: date, looks: Looks, found: Finding, *, judged_at: datetime
) -> dict[str, Any]:
    bad, total, short_bad, short_total = (
        int(counts[found.look]) for counts in (looks.bad, looks.total, looks.short_bad, looks.short_total)
    )
    return {
        "report_date": day,
        "slo": objective.name,
        "condition": rule.name,
        "severity": rule.severity,
        "evaluation": REPLAY if rule.is_replayed else LIVE,
        "long_window": shorthand(rule.long_minutes),
        "short_window": shorthand(rule.short_minutes),
        "threshold": float(rule.threshold),
        "fewest_bad": rule.fewest_bad,
        "judged_at": judged_at,
        "bad": bad,
        "total": total,
        "burn_rate": _burn_rate(bad, total, objective.target),
        "short_bad": short_bad,
        "short_total": short_total,
        "short_burn_rate": _burn_rate(short_bad, short_total, objective.target),
        "state": found.state,
        "since": None,
        "first_at": None,
        "firing_minutes": None,
    }


def _burn_rate(bad: int, total: int, target: float) -> float | None:
    return float(error_budget.burn_rate(good=total - bad, bad=bad, target=target)) if total else None
