"""The burn-rate alerts' section: which rules fire, which short ones would have fired within the day, and on what counts.

Belongs here: the sentence, the table and the note, and the line of the summary.
Does not belong here: whether a rule fires (`assets/slo/alerts.py`), telling anybody (`notifications.py`), the daily alarm, which
looks for evidence and not for speed (`alarm.py`).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import numbers
from assets.reports.numbers import MISSING, NARROW, count, plural
from assets.reports.scores import Score
from assets.reports.tables import MOST_ROWS, Column, Fold, Row, Table
from assets.reports.untrusted import shown
from assets.slo.alert_rules import DAYS_LOOKED_AT
from assets.slo.alerts import FIRING, NO_DATA, QUIET, REPLAY, RESOLVED, WOULD_HAVE_FIRED

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

TITLE = "Burn-rate alerts"
_ORDER = {FIRING: 0, WOULD_HAVE_FIRED: 1, RESOLVED: 2, NO_DATA: 3, QUIET: 4}


def section(data: "ReportData", found: Sequence[Score]) -> dict[str, Any]:
    """The `title`, the `table` of every rule (None without one), what fires first, and the `note` on how that is told."""
    alerts, titles = _of(data, found)
    return {
        "title": _title(alerts, titles),
        "table": _table(alerts, titles) if alerts.height else None,
        "note": _note(data, found),
    }


def summary_line(data: "ReportData", found: Sequence[Score]) -> str | None:
    """What fires, failing that what would have within the day, in one line; None when nothing does."""
    alerts, titles = _of(data, found)
    for state in (FIRING, WOULD_HAVE_FIRED):
        telling = alerts.filter(pl.col("state") == state).sort(
            pl.col("severity") != "page", -pl.col("threshold"), maintain_order=True
        )
        if telling.height:
            more = f"; {telling.height - 1} more" if telling.height > 1 else ""
            return f"Alerts: {headline(telling.row(0, named=True), titles)}{more}"
    return None


def headline(alert: dict[str, Any], titles: dict[str, str]) -> str:
    """One alert in words: `Upgrade success burns 2.56× over 7 d (page)`."""
    title = titles[alert["slo"]]
    match alert["state"]:
        case "firing":
            return f"{title} burns {burn(alert)} over {window(alert['long_window'])} ({shown(alert['severity'])})"
        case "would_have_fired":
            return f"{title} would have fired at {alert['first_at']:%H:%M} UTC ({window(alert['long_window'])})"
        case "no_data":
            return f"{title} cannot be told over {window(alert['long_window'])}: a window without a decided upgrade"
        case _:
            return f"{title} no longer fires at {limit(alert)} over {window(alert['long_window'])}"


def burn(alert: dict[str, Any], prefix: str = "") -> str:
    """A window's burn rate, with as many decimals as it takes to see on which side of the threshold it is."""
    rate, threshold = alert[f"{prefix}burn_rate"], alert["threshold"]
    if rate is None:
        return MISSING
    for decimals in (2, 3, 4):
        text = numbers.amount(rate, decimals)
        if (float(text.replace(",", "")) < threshold) == (rate < threshold):
            break
    return f"{text}×"


def limit(alert: dict[str, Any]) -> str:
    """The threshold: `13.44×`."""
    return f"{numbers.amount(alert['threshold'], 2)}×"


def since(alert: dict[str, Any], *, year: bool) -> str:
    """The first day of what fires: `9 Feb`; `9 Feb or earlier` when it has fired for as long as is looked."""
    has_always = alert["judged_at"].date() - alert["since"] >= timedelta(days=DAYS_LOOKED_AT)
    return numbers.day(alert["since"], year=year) + (" or earlier" if has_always else "")


def window(text: str) -> str:
    """`7 d` for `7d`."""
    return f"{text[:-1]}{NARROW}{text[-1]}"


def _of(data: "ReportData", found: Sequence[Score]) -> tuple[pl.DataFrame, dict[str, str]]:
    """The alerts in order of state, of the files, of what it takes to fire, most first; and the objectives' titles."""
    titles = {score.objective.name: score.title for score in found}
    places = {slo: place for place, slo in enumerate(titles)}
    alerts = data.alerts.filter(pl.col("slo").is_in([*titles])).sort(
        pl.col("state").replace_strict(_ORDER, return_dtype=pl.Int64),
        pl.col("slo").replace_strict(places, return_dtype=pl.Int64),
        -pl.col("threshold"),
        "condition",
    )
    return alerts, titles


def _title(alerts: pl.DataFrame, titles: dict[str, str]) -> str:
    if alerts.is_empty():
        return "No objective has an alert rule"
    states = {state: alerts.filter(pl.col("state") == state) for state in _ORDER}
    firing, replayed = states[FIRING], states[WOULD_HAVE_FIRED]
    untold = f"; {count(states[NO_DATA].height)} more cannot be told" if states[NO_DATA].height else ""
    if firing.height:
        named = [titles[slo] for slo in firing["slo"].unique(maintain_order=True)]
        more = f"; {plural(firing.height, 'rule')} in all" if firing.height > len(named) else ""
        return f"An alert fires for {', '.join(named)}{more}{untold}"
    if replayed.height:
        first = replayed.sort("first_at", maintain_order=True).row(0, named=True)
        more = f", and {plural(replayed.height - 1, 'rule')} more" if replayed.height > 1 else ""
        return f"No alert fires; {headline(first, titles)}{more}{untold}"
    if states[RESOLVED].height:
        return f"No alert fires; {plural(states[RESOLVED].height, 'rule no longer does', 'rules no longer do')}{untold}"
    if states[NO_DATA].height == alerts.height:
        return "No alert: every rule has a window without a decided upgrade"
    return f"No alert fires: {plural(states[QUIET].height, 'rule is', 'rules are')} quiet{untold}"


def _table(alerts: pl.DataFrame, titles: dict[str, str]) -> Table:
    drawn = alerts.head(MOST_ROWS)
    rows = [
        Row((
            titles[alert["slo"]],
            f"{limit(alert)} over {window(alert['long_window'])} and {window(alert['short_window'])}",
            shown(alert["severity"]),
            _state(alert),
            _counts(alert),
            _counts(alert, "short_"),
            _until(alert),
        ))
        for alert in drawn.iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        Column("Objective"),
        Column("Fires from"),
        Column("Severity"),
        Column("State"),
        Column("Long window", "number"),
        Column("Short window", "number"),
        Column("Until"),
    )
    note = f"The first {MOST_ROWS} of {plural(alerts.height, 'rule')}." if alerts.height > MOST_ROWS else ""
    quiet = drawn.filter(pl.col("state") == QUIET).height
    fold = Fold(len(rows) - quiet, plural(quiet, "rule that is quiet", "rules that are quiet")) if quiet else None
    return Table("Alert rules, what fires first", columns, tuple(rows), note, fold)


def _state(alert: dict[str, Any]) -> str:
    match alert["state"]:
        case "firing":
            return f"Firing since {since(alert, year=False)}"
        case "would_have_fired":
            return f"Would have fired at {alert['first_at']:%H:%M} UTC, {numbers.duration(alert['firing_minutes'] * 60)} in all"
        case "resolved":
            return "No longer fires"
        case "no_data":
            return "No data"
        case _:
            return "Quiet"


def _counts(alert: dict[str, Any], prefix: str = "") -> str:
    """`2.56× (302 of 11,800)`; the counts alone where they are too few for a rate."""
    bad, total = alert[f"{prefix}bad"], alert[f"{prefix}total"]
    counts = f"{count(bad)} of {count(total)}"
    return f"{burn(alert, prefix)} ({counts})" if total >= numbers.FEWEST_FOR_A_RATE else counts


def _until(alert: dict[str, Any]) -> str:
    if alert["evaluation"] == REPLAY:
        return f"{alert['judged_at']:%H:%M} UTC"
    return numbers.day((alert["judged_at"] - timedelta(days=1)).date(), year=False)


def _note(data: "ReportData", found: Sequence[Score]) -> str:
    judged = set(data.alerts["slo"])
    without = [score.title for score in found if score.objective.name not in judged]
    is_shipped = any(score.objective.alert_rules is None for score in found)
    shipped = (
        " The rules that ship with it also need more failures than a fleet at its target has in 999 of 1,000 windows."
        if is_shipped
        else ""
    )
    left_out = f" Without a rule that can be looked at: {', '.join(without)}." if without else ""
    return (
        "A rule fires when the fleet's budget burns at its threshold or faster in both of its windows, with enough failures."
        f"{shipped} It is looked at once a day, by the days on which upgrades started; a window of one day ends with the newest "
        "closed day, on which nothing is open any more. A rule of less than a day is replayed over the minutes in which the "
        "day's upgrades were decided: it says when it would have fired, and notifies nobody. How fast a budget burns is one "
        "question; the daily alarm below asks another: for evidence, in every slice, that more fails than the target "
        f"allows.{left_out}"
    )
