"""The daily alarm's section: where upgrades fail more than their target allows, as evidence that may be looked at every day says.

Belongs here: which rows are listed, and the words and numbers of them.
Does not belong here: the evidence and the states (`assets/health/always_valid.py`), the days (`assets/slo/closed_cohorts.py`).
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.health.always_valid import ALARM, ALARM_FROM, FALSE_SHARE, SHOCK, WATCH, WATCH_FROM
from assets.reports import numbers
from assets.reports.numbers import count, plural
from assets.reports.scores import Score, budget_text, printable_budget
from assets.reports.slices import DIMENSIONS, dimensions_of, name_of
from assets.reports.tables import MOST_FINDINGS, Column, Fold, Row, Table, scope_of
from assets.slo.closed_cohorts import closed_period, is_watched

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

TITLE = "Daily alarm"
_RAREST = 1_000_000  # one in more is not told apart
_ORDER = {ALARM: 0, WATCH: 1}


def section(data: "ReportData", found: Sequence[Score]) -> dict[str, Any]:
    """The `title`, the `table` of what is in alarm or watched (None when all is quiet) and the `note` on how that is told."""
    titles = {score.objective.name: score.title for score in found}
    alarms = data.alarms.filter(pl.col("slo").is_in([*titles]))
    listed = alarms.filter(pl.col("state").is_in([*_ORDER])).sort(
        pl.col("state").replace_strict(_ORDER, return_dtype=pl.Int64),
        pl.col("slice_by") != "",
        "highest_log_e",
        descending=[False, False, True],
        maintain_order=True,
    )
    return {
        "title": _title(alarms, titles),
        "table": _table(listed, titles) if listed.height else None,
        "note": _note(data, found),
    }


def in_words(log_e: float) -> str:
    """Evidence as what it says of a healthy month: `at most 1 in 45`; `no evidence` where it is not above that of nothing."""
    if log_e <= 0:
        return "no evidence"
    if log_e >= math.log(_RAREST):
        return f"fewer than 1 in {count(_RAREST)}"
    return f"at most 1 in {count(math.floor(math.exp(log_e)))}"


def _title(alarms: pl.DataFrame, titles: dict[str, str]) -> str:
    if alarms.is_empty():
        return "No upgrade of a closed day yet, so there is nothing to watch"
    is_fleet, is_alarm = pl.col("slice_by") == "", pl.col("state") == ALARM
    in_alarm = [titles[slo] for slo in alarms.filter(is_fleet & is_alarm)["slo"]]
    slices_in_alarm = alarms.filter(~is_fleet & is_alarm).height
    if slices_in_alarm:
        in_alarm.append(plural(slices_in_alarm, "slice"))
    watched = alarms.filter(pl.col("state") == WATCH).height
    if in_alarm:
        more = f"; {count(watched)} more watched" if watched else ""
        return f"In alarm: {', '.join(in_alarm)}{more}"
    if watched:
        return f"No alarm; {count(watched)} of {count(alarms.height)} fleet and slice figures are watched"
    slices = alarms.filter(~is_fleet).height
    return f"All quiet: no evidence that the fleet, or one of {plural(slices, 'slice')}, fails more than its target allows"


def _table(listed: pl.DataFrame, titles: dict[str, str]) -> Table:
    rows = []
    drawn = listed.head(MOST_FINDINGS)
    for row in drawn.iter_rows(named=True):
        values = {column: row[column] for column in DIMENSIONS if row[column] is not None}
        where = f"{name_of(values)} ({dimensions_of(values)})" if values else "Fleet"
        cells = (
            where,
            titles[row["slo"]],
            row["state"].capitalize(),
            count(row["bad"]),
            count(row["total"]),
            budget_text(printable_budget(row["limit"] * row["total"])),
            in_words(row["log_e"]),
            f"{in_words(row['highest_log_e'])}, {numbers.day(row['highest_on'], year=False)}",
        )
        rows.append(Row(cells, scope_of(values)))
    heads = ("Bad", "Of", "Allowed")
    columns = (
        *(Column(head) for head in ("Where", "Objective", "State")),
        *(Column(head, "number") for head in heads),
        Column("Healthy months that look so"),
        Column("At the strongest"),
    )
    note = f"The first {MOST_FINDINGS} of {count(listed.height)}." if listed.height > MOST_FINDINGS else ""
    watched = drawn.filter(pl.col("state") == WATCH).height
    fold = Fold(drawn.height - watched, plural(watched, "that is watched", "that are watched")) if watched else None
    return Table("Fleet and slices in alarm or watched", columns, tuple(rows), note, fold)


def _note(data: "ReportData", found: Sequence[Score]) -> str:
    """Which days are counted, from when something is in alarm, and what is assumed."""
    periods = [closed_period(score.objective, data.report_date) for score in found if is_watched(score.objective)]
    if not periods:
        return "No objective has a share of failures to watch."
    days = " or ".join(
        f"{numbers.day(each.first)} to {numbers.day(each.last)}" for each in sorted(set(periods), key=lambda each: each.last)
    )
    return (
        f"Upgrades that started on the closed days from {days}: past their deadline, and late deliveries waited for. "
        "Evidence starts anew on the first of each month, and may be looked at every day without raising more false alarms. "
        f"A fleet that keeps its target looks so bad in at most 1 of {ALARM_FROM:.0f} months (alarm), or of {WATCH_FROM:.0f} "
        "(watched). "
        f"A slice is in alarm when it stands out today among all of its objective's, with at most {FALSE_SHARE:.0%} of them by "
        f"chance, and watched like a fleet. Assumed: shocks that hit all upgrades of a day have a standard deviation of {SHOCK} "
        "on the logit scale."
    ).replace("%", f"{numbers.NARROW}%")
