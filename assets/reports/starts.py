"""Scheduled upgrades that have not begun: how many, and which.

Belongs here: the list and its words.
Does not belong here: what counts as begun on time (`assets/slo/classification.py`), reading the list (`model.py`), upgrades that
began and have not ended (`tables.overdue`).
"""

from typing import TYPE_CHECKING, Any

from assets.reports import numbers
from assets.reports.numbers import count, duration, plural
from assets.reports.tables import NAMED, Column, Table, named

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData


def section(data: "ReportData") -> dict[str, Any]:
    """The `title` of the list, and its `table`, None when there is nothing to list."""
    limit = duration(data.start_limit_seconds)
    if data.unstarted.is_empty():
        return {"title": f"No scheduled upgrade of the last 28 days is more than {limit} overdue to begin", "table": None}
    number = data.unstarted["in_all"][0]
    are = plural(number, "scheduled upgrade has", "scheduled upgrades have")
    return {
        "title": f"{are} not begun {limit} after {'its' if number == 1 else 'their'} time, longest overdue first",
        "table": _table(data),
    }


def _table(data: "ReportData") -> Table:
    rows = [
        named(row, numbers.moment(row["scheduled_at"]), duration(row["overdue_seconds"]))
        for row in data.unstarted.iter_rows(named=True)
    ]
    number = data.unstarted["in_all"][0]
    return Table(
        "Scheduled upgrades that have not begun",
        (*NAMED, Column("Scheduled for"), Column(f"Beyond {duration(data.start_limit_seconds)}", "number")),
        tuple(rows),
        "Scheduled in the last 28 days; neither begun nor called off since."
        + (f" The first {len(rows)} of {count(number)}; all are in the snapshot." if number > len(rows) else ""),
    )
