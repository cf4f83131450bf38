"""Dagster assets of the reports slice.

Belongs here: `daily_report`, thin over `verdicts.py`, `model.py` and `publish.py`, and `alert_notifications`, over
`notifications.py`.
Does not belong here: any wording, drawing or writing of files.
"""

from datetime import UTC, date, datetime

import dagster as dg
import duckdb

from assets.home import Home
from assets.metadata import columns_of
from assets.partitions import daily_asset, day_of
from assets.reference import load_reference_data
from assets.reports.basis import basis_of
from assets.reports.metadata import metadata_of
from assets.reports.model import read_report_data
from assets.reports.notifications import NotifiedUnreadable, is_latest, tell
from assets.reports.publish import publish, refuse, withdraw_refusal
from assets.reports.snapshot import write_snapshot
from assets.reports.targets import Targets
from assets.reports.untrusted import for_markdown
from assets.reports.verdicts import decision
from assets.slo.assets import slo_status
from assets.slo.objectives import ObjectivesError, load_objectives
from assets.sql_files import sql_beside
from assets.telemetry.inventory import inventory_sha256
from assets.upgrades.catalogue import read_catalogue
from assets.warehouse import Warehouse

sql = sql_beside(__file__)


@daily_asset(
    deps=[slo_status],
    group_name="reports",
    kinds={"html", "altair"},
    tags={"slice": "reports"},
)
def daily_report(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """The validated report of the day, with its summary, tables and manifest, and the snapshot for notebooks and BI."""
    day = day_of(context)
    objectives = load_objectives(home.objectives)
    reference = load_reference_data(home.reference)
    catalogue = read_catalogue(reference)
    with warehouse.transaction() as db:
        basis = basis_of(
            db,
            day=day,
            objectives_sha256=objectives.sha256,
            inventory_sha256=inventory_sha256(home.inventory),
            reference_sha256=reference.sha256,
        )
        decided = decision(db, day=day, basis=basis.sha256)
        if not decided.may_publish:
            reasons = refuse(home.refused, day=day, decision=decided)
            raise dg.Failure(
                f"the report of {day} is refused; {home.published.name}/ stays as it was. "
                + " ".join(f"{each['suite']}.{each['check']}: {each['observed']}." for each in decided.reasons),
                metadata={"refused": str(reasons)},
                allow_retries=False,
            )
        published = publish(
            home.published,
            data=read_report_data(
                db, day=day, objectives=objectives, basis=basis, verdicts=decided.verdicts, catalogue=catalogue
            ),
            basis=basis,
            decision=decided,
            ledger=_ledger(db, day),
        )
        schema = columns_of(db, "slo", "status")
    with warehouse.connection() as db:
        write_snapshot(db, home.published, day=day)
    withdraw_refusal(home.refused, day=day)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": published.data.status.height,
            "dagster/column_schema": schema,
            **metadata_of(published, basis),
        }
    )


@daily_asset(
    deps=[daily_report],
    group_name="reports",
    kinds={"apprise"},
    tags={"slice": "reports"},
)
def alert_notifications(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], targets: dg.ResourceParam[Targets]
) -> dg.MaterializeResult:
    """Messages on burn-rate alerts that fire, or no longer do, to the notification targets of their policies; each once.

    Only of the newest report, and only when no later complete day waits for its own. Whatever goes wrong is a warning, and what
    could not be told is owed until the next run: the report is out already.
    """
    if not is_latest(home, day_of(context), today=datetime.now(UTC).date()):
        return dg.MaterializeResult(metadata={"told": "nobody: a newer report is published, or due"})
    try:
        telling = tell(home, targets)
    except (NotifiedUnreadable, ObjectivesError, OSError) as problem:
        context.log.warning(str(problem))
        return dg.MaterializeResult(metadata={"told": f"nobody: {problem}"})
    for each in telling.failed:
        context.log.warning(f"{each.message.target} was not told, and will be at the next run: {each.problem}")
    listed = [f"- {each.message.target}: {for_markdown(each.message.title)}" for each in telling.deliveries if not each.problem]
    return dg.MaterializeResult(
        metadata={
            "told": dg.MetadataValue.md("\n".join(listed) or "nobody: nothing is new"),
            "messages": len(listed),
            "not_delivered": len(telling.failed),
        }
    )


def _ledger(db: duckdb.DuckDBPyConnection, day: date) -> dict[str, int]:
    totals = db.execute(sql("ledger_totals"), {"report_date": day})
    names = [column[0] for column in totals.description or []]
    return dict(zip(names, totals.fetchall()[0], strict=True))
