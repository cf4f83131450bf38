"""Beta and removed API features among failed upgrades: whose users fail more often, and what could have been seen if any did.

Belongs here: which features are listed, and the words and numbers of the list.
Does not belong here: counting users (`assets/health/api_use.py`), the statistics (`assets/health/risk_ratio.py`,
`assets/health/screening.py`), which APIs are removed when (`assets/upgrades/deprecated_apis.py`).
"""

import math
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from assets.health.api_use import ANY_BETA, COUNTS, REMOVED, compare
from assets.health.risk_ratio import risk_ratios
from assets.health.screening import FALSE_SHARE, visible_bad_ratio
from assets.reports import numbers
from assets.reports.findings import listed
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, percent, plural, times
from assets.reports.screened import by_chance
from assets.reports.tables import MOST_FINDINGS, Column, Row, Table
from assets.reports.untrusted import shown
from assets.upgrades.deprecated_apis import removals

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

CONFIDENCE = 0.95
_DECIMALS = 2
_CLASSES = {ANY_BETA: "any beta or alpha API", REMOVED: "an API that the target version no longer serves"}


def section(data: "ReportData") -> dict[str, Any]:
    """The `title`, and the `table` of features with its note, None when nobody used any."""
    compared = compare(data.api_use, removed_in={name: each.minor for name, each in removals().items()})
    return {"title": _title(compared), "table": _table(compared) if compared.height else None}


def _title(compared: pl.DataFrame) -> str:
    if compared.is_empty():
        return "No upgrade of the last 28 days came with a list of API features in use"
    found = compared.filter("is_finding").sort("p", maintain_order=True).to_dicts()
    if found:
        first, *others = found
        more = f"; so do those that use {listed([_name(row) for row in others])}" if others else ""
        return f"Upgrades of clusters that use {_name(first)} fail {_how_often(first)}{more}"
    tested = compared.filter("is_tested").height
    if not tested:
        return "No API feature has the upgrades or the failures that it takes to compare its users with others"
    return f"No API feature's users stand out as failing more often; {plural(tested, 'group was', 'groups were')} compared"


def _how_often(row: dict[str, Any]) -> str:
    counts = f"{count(row['bad'])} of {count(row['total'])} against {count(row['rest_bad'])} of {count(row['rest_total'])}"
    if not row["rest_bad"] or min(row["total"], row["rest_total"]) < FEWEST_FOR_A_RATE:
        return f"more often than others ({counts})"
    return f"{times(row['bad'] / row['total'] * row['rest_total'] / row['rest_bad'])} as often as others ({counts})"


def _table(compared: pl.DataFrame) -> Table:
    drawn = compared.head(MOST_FINDINGS)
    counts = [drawn[name].to_numpy() for name in COUNTS]
    ratios = zip(*risk_ratios(*counts, confidence=CONFIDENCE), strict=True)
    visible = visible_bad_ratio(*counts[1:], tested=compared.filter("is_tested").height)
    rows = [
        _row(row, *map(float, ratio), visible=float(least))
        for row, ratio, least in zip(drawn.iter_rows(named=True), ratios, visible, strict=True)
    ]
    heads = ("Users: bad", "Share", "Others: bad", "Share", f"Risk ratio ({percent(CONFIDENCE, 0)} interval)")
    left_out = f" The first {MOST_FINDINGS} of {count(compared.height)} rows." if compared.height > MOST_FINDINGS else ""
    return Table(
        "Upgrades of clusters that use an API feature against all others",
        (Column("API in use"), *(Column(head, "number") for head in heads), Column("Stands out")),
        tuple(rows),
        "Upgrades of the last 28 days; bad: failed, on another version than wanted, or not done within 24 hours. One that names "
        "several APIs is in several rows, one that names none among the others. Of those that stand out, at most 1 in "
        f"{count(1 / FALSE_SHARE)} is expected to by chance, down to a row as many as it says. From the share that is named for "
        "the others on, a group of that size would stand out in at least four of five cases; a lower one could have gone unseen. "
        "Clusters that use such an API may differ in more than that: this shows where, not why." + left_out,
    )


def _row(row: dict[str, Any], ratio: float, low: float, high: float, *, visible: float) -> Row:
    removal = removals().get(row["feature"] or "")
    below = f"gone in {removal.removed_in}, use {removal.replacement}" if removal else ""
    return Row((
        Markup("{}<small>{}</small>").format(_name(row), below) if below else _name(row),
        f"{count(row['bad'])} of {count(row['total'])}",
        _share(row["bad"], row["total"]),
        f"{count(row['rest_bad'])} of {count(row['rest_total'])}",
        _share(row["rest_bad"], row["rest_total"]),
        _risk(ratio, low, high) if min(row["total"], row["rest_total"]) >= FEWEST_FOR_A_RATE else MISSING,
        f"yes; by chance {by_chance(row['adjusted_p'])}" if row["is_finding"] else _unseen(visible),
    ))  # fmt: skip


def _unseen(visible: float) -> str:
    return "no; too few for that" if math.isnan(visible) else f"no; would from {percent(visible, _DECIMALS)}"


def _share(bad: int, total: int) -> str:
    return percent(bad / total, _DECIMALS) if total >= FEWEST_FOR_A_RATE else f"too few (n = {total})" if total else MISSING


def _risk(ratio: float, low: float, high: float) -> str:
    if math.isnan(ratio):
        return MISSING
    if math.isinf(high):
        return f"{numbers.ratio(low)} or more"
    return f"{numbers.ratio(ratio)} ({numbers.ratio(low)}–{numbers.ratio(high)})"


def _name(row: dict[str, Any]) -> str:
    return _CLASSES.get(row["kind"]) or shown(row["feature"])
