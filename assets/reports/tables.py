"""The tables of the page: text rows with their columns, behind every chart and for everything that is a list.

Belongs here: which columns a table has, in which order and how each cell is written.
Does not belong here: choosing or judging rows (`slices.py`, `scores.py`), markup (`templates/page.html.j2`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from assets.reports import numbers
from assets.reports.micro import STATES, badge
from assets.reports.numbers import MISSING, count, duration, percent
from assets.reports.scores import Score, budget_text
from assets.reports.slices import MAP_CONFIDENCE, Cell, Slice
from assets.reports.untrusted import sentence, shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

MOST_ROWS = 25


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand right, codes in a fixed-width face."""

    title: str
    kind: str = "text"  # text | number | code


@dataclass(frozen=True)
class Row:
    """The cells of one row; `scope` names its slice (version, region, workload), for highlighting."""

    cells: tuple[str, ...]
    scope: dict[str, str] = field(default_factory=dict)
    is_total: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption (read by screen readers) and a note on what is left out."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


def rate_cells(bad: int, total: int, low: float | None, high: float | None, target: float) -> tuple[str, str]:
    """The bad share and its interval, or the reason why there is none."""
    if total < numbers.FEWEST_FOR_A_RATE or low is None or high is None:
        return f"too few to judge (n = {total})" if total else MISSING, MISSING
    decimals = numbers.percent_decimals(target)
    return percent(bad / total, decimals), numbers.interval(low, high, decimals)


def scope_of(values: dict[str, str]) -> dict[str, str]:
    """A slice's values under the names of the page's filter dimensions."""
    names = {"to_version": "version", "region": "region", "workload_type": "workload"}
    return {names[column]: shown(value) for column, value in values.items() if column in names}


def budgets(found: Iterable[Score]) -> Table:
    """The budget of every objective: what the burn-down panels and the scoreboard's bars draw."""
    rows = [
        Row((
            score.title,
            STATES[score.verdict][0],
            f"{score.objective.window_days} days",
            count(score.bad),
            count(score.total),
            budget_text(score.allowed),
            budget_text(score.left),
            percent(score.spent, 0) if score.spent is not None else MISSING,
            count(score.pending),
            count(score.excluded),
        ))
        for score in found
    ]  # fmt: skip
    heads = ("Bad", "Of", "Allowed", "Left", "Spent", "Pending", "Excluded")
    columns = (
        Column("Objective"),
        Column("Verdict"),
        Column("Window"),
        *(Column(head, "number") for head in heads),
    )
    return Table("Error budget of every objective", columns, tuple(rows))


def excesses(standing_out: Sequence[Slice], target: float) -> Table:
    """Slices that miss on their own, by bad upgrades beyond their budget."""
    rows = []
    for each in standing_out[:MOST_ROWS]:
        low, high = each.excess_interval
        bad_low = None if each.sli_high is None else 1 - each.sli_high
        bad_high = None if each.sli_low is None else 1 - each.sli_low
        rate, interval = rate_cells(each.bad, each.total, bad_low, bad_high, target)
        cells = (
            each.name, each.dimensions, count(each.bad), count(each.total), budget_text(each.allowed),
            budget_text(each.excess), f"{count(low)} – {count(high)}", rate, interval,
        )  # fmt: skip
        rows.append(Row(cells, scope_of(each.values)))
    heads = ("Bad", "Of", "Allowed", "Beyond", "Interval", "Bad share", "Interval of the share")
    columns = (Column("Slice"), Column("Dimensions"), *(Column(head, "number") for head in heads))
    return Table(
        "Slices that miss the target on their own",
        columns,
        tuple(rows),
        _left_out(len(standing_out), "slices"),
    )


def map_cells(cells: Sequence[Cell], target: float) -> Table:
    """The cells of the map that are clear of the budget or nearly so, the highest share first."""
    able = sorted((cell for cell in cells if cell.low is not None), key=lambda cell: -cell.bad / cell.total)
    rows = []
    for cell in able[:MOST_ROWS]:
        rate, interval = rate_cells(cell.bad, cell.total, cell.low, cell.high, target)
        cut = (shown(cell.version), shown(cell.region), count(cell.bad), count(cell.total), rate, interval)
        rows.append(Row(cut, {"version": shown(cell.version), "region": shown(cell.region)}))
    heads = ("Bad", "Of", "Bad share", f"{round(MAP_CONFIDENCE * 100)}{numbers.NARROW}% interval")
    columns = (Column("Version"), Column("Region"), *(Column(head, "number") for head in heads))
    return Table("Version and region, highest share first", columns, tuple(rows), _left_out(len(able), "cells"))


def quantiles(frame: pl.DataFrame) -> Table:
    """The durations behind the range plot; `frame` is the one that `charts.duration_quantiles` draws."""
    rows = [
        Row(
            (
                row["scope"],
                count(row["total"]),
                *(row[f"{name}_text"] for name in ("p50", "p90", "p95", "p99")),
                STATES[row["verdict"]][0],
            ),
            {name: row[name] for name in ("version", "workload") if row[name] != "all"},
        )
        for row in frame.iter_rows(named=True)
    ]
    heads = ("Decided", "p50", "p90", "p95", "p99")
    columns = (Column("Scope"), *(Column(head, "number") for head in heads), Column("Objective"))
    return Table("Duration quantiles by scope", columns, tuple(rows))


def reasons(frame: pl.DataFrame) -> Table:
    """Failed operations per category and side that answers for them."""
    rows = [
        Row((shown(row["error_category"]), shown(row["responsibility"]), count(row["failed_count"])))
        for row in frame.head(MOST_ROWS).iter_rows(named=True)
    ]
    total = int(frame["failed_count"].sum())
    rows.append(Row(("All", "", count(total)), is_total=True))
    columns = (Column("Category"), Column("Responsibility"), Column("Failed", "number"))
    return Table("Failed upgrades by reason", columns, tuple(rows), _left_out(frame.height, "reasons"))


def overdue(data: "ReportData") -> Table:
    """Operations that run for more than 24 h, oldest first."""
    rows = []
    for row in data.overdue.iter_rows(named=True):
        part = shown(row["scope"]) + (f", {shown(row['node_pool'])}" if row["node_pool"] else "")
        versions = f"{shown(row['from_version'])} → {shown(row['to_version'])}"
        cells = (
            shown(row["cluster_id"]), shown(row["operation_id"]), part, versions, shown(row["region"]),
            shown(row["workload_type"]), numbers.moment(row["started_at"]), duration(row["age_seconds"]),
        )  # fmt: skip
        values = {
            "to_version": row["to_version"],
            "region": row["region"],
            "workload_type": row["workload_type"],
        }
        rows.append(Row(cells, scope_of({key: value for key, value in values.items() if value})))
    columns = (
        Column("Cluster", "code"), Column("Operation", "code"), Column("What"), Column("From → to"),
        Column("Region"), Column("Workload"), Column("Started"), Column("Running for", "number"),
    )  # fmt: skip
    return Table(
        "Upgrades running longer than 24 hours",
        columns,
        tuple(rows),
        _left_out(data.overdue_count, "upgrades"),
    )


def ledger(data: "ReportData") -> Table:
    """Every record of every source, accounted for."""
    names = ("files", "lines", "blank", "records", "accepted", "duplicate", "quarantined", "not_an_upgrade")
    rows = [Row((shown(row["source"]), *(count(row[name]) for name in names))) for row in data.ledger.iter_rows(named=True)]
    rows.append(Row(("All", *(count(int(data.ledger[name].sum())) for name in names)), is_total=True))
    heads = ("Files", "Lines", "Blank", "Records", "Accepted", "Duplicate", "Quarantined", "Not an upgrade")
    columns = (Column("Source"), *(Column(head, "number") for head in heads))
    return Table("Row ledger by source", columns, tuple(rows))


def quarantine(data: "ReportData") -> Table:
    """Refused records by reason, the most first."""
    ordered = data.quarantine.sort("quarantined", "reason", descending=[True, False])
    rows = [
        Row((shown(row["reason"]), count(row["quarantined_today"]), count(row["quarantined"])))
        for row in ordered.head(MOST_ROWS).iter_rows(named=True)
    ]
    columns = (Column("Reason", "code"), Column("Today", "number"), Column("All files", "number"))
    return Table("Quarantined records by reason", columns, tuple(rows), _left_out(ordered.height, "reasons"))


def check_state(*, severity: str, passed: bool) -> str:
    """`passed`, `warned` or `failed`."""
    return "passed" if passed else "failed" if severity == "error" else "warned"


def checks(data: "ReportData") -> Table:
    """Every check with its rule and what it measured; failed ones first, else in the order they ran."""
    order = ("failed", "warned", "passed")
    found = [(check_state(severity=row["severity"], passed=row["passed"]), row) for row in data.checks.iter_rows(named=True)]
    rows = [
        Row(
            (
                sentence(row["check"]),
                badge(state),
                shown(row["observed"]),
                shown(row["rule"]),
                shown(row["suite"]),
            )
        )
        for state, row in sorted(found, key=lambda pair: order.index(pair[0]))
    ]
    columns = (Column("Check"), Column("Result"), Column("Observed"), Column("Rule"), Column("Suite"))
    return Table("Checks of the data", columns, tuple(rows))


def _left_out(available: int, noun: str) -> str:
    if available <= MOST_ROWS:
        return ""
    return f"The first {MOST_ROWS} of {count(available)} {noun}; all are in slo_status.csv or the snapshot."
