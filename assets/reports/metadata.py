"""What a person sees of `daily_report` in the Dagster UI.

Belongs here: the report's headline, scoreboard, one chart and the figures that are plotted over days, as Dagster metadata.
Does not belong here: how they are worded or drawn (`findings.py`, `summary.py`, `figures.py`).
"""

import base64
import re
from typing import Any

import dagster as dg
import polars as pl

from assets.reports.basis import Basis
from assets.reports.drawing import png
from assets.reports.figures import budget_burndown
from assets.reports.findings import headline
from assets.reports.publish import Published
from assets.reports.report_data import ReportData
from assets.reports.scores import scores, tally
from assets.reports.summary import scoreboard_markdown, summary_text

# The UI hides longer Markdown behind a link, and the event log keeps every value for good.
_MOST_PICTURE_BYTES = 60_000


def metadata_of(published: Published, basis: Basis) -> dict[str, Any]:
    """Metadata by name; numbers are plotted by Dagster over the partitions."""
    data = published.data
    found = scores(data)
    missed, unsure, met = tally(found)
    return {
        "report": dg.MetadataValue.path(str(published.report)),
        "headline": headline(data, found),
        "scoreboard": dg.MetadataValue.md(scoreboard_markdown(data)),
        "summary": dg.MetadataValue.text(summary_text(data)),
        "where_the_budgets_went": _picture(data),
        "maturity": data.maturity,
        "report_date": data.report_date.isoformat(),
        "data_as_of": dg.MetadataValue.text(f"{data.as_of.isoformat()}Z"),
        "revision": published.revision,
        "is_new_revision": published.is_new,
        "slos_missed": missed,
        "slos_unsure": unsure,
        "slos_met": met,
        **_figures(data),
        **_ledger(data),
        "data_hash": basis.inputs_sha256,
        "objectives_hash": basis.objectives_sha256,
        "code_version": basis.code_version,
        "report_bytes": published.report.stat().st_size,
    }


def _figures(data: ReportData) -> dict[str, Any]:
    """The ratio, the budget left and today's burn of each SLO that has any."""
    figures: dict[str, Any] = {}
    fleet = data.status.filter(pl.col("slice_by") == "")
    for objective in data.objectives:
        key = re.sub(r"\W", "_", objective.name)
        rows = {row["window"]: row for row in fleet.filter(pl.col("slo") == objective.name).iter_rows(named=True)}
        own, day = rows[objective.window], rows["1d"]
        if own["sli"] is not None:
            figures[f"sli_{key}"] = own["sli"]
            figures[f"budget_left_{key}"] = own["budget_allowed"] - own["budget_spent"]
        if day["burn_rate"] is not None:
            figures[f"burn_1d_{key}"] = day["burn_rate"]
    return figures


def _ledger(data: ReportData) -> dict[str, int]:
    columns = {"records": "received", "accepted": "accepted", "duplicate": "duplicate", "quarantined": "quarantined"}
    return {f"rows_{name}": int(data.ledger.get_column(column).sum()) for column, name in columns.items()}


def _picture(data: ReportData) -> dg.MarkdownMetadataValue:
    figure = budget_burndown(scores(data))
    picture = png(figure.chart, scale=1.0) if figure is not None else b""
    if not picture or len(picture) > _MOST_PICTURE_BYTES:
        return dg.MetadataValue.md("No picture: there is nothing to draw, or it is too large to keep here. Open the report.")
    encoded = base64.b64encode(picture).decode()
    return dg.MetadataValue.md(f"![Error budgets left, day by day](data:image/png;base64,{encoded})")
