"""Do retries help: how many upgrades reach their version at the first attempt, and how many in the end.

Belongs here: which slices are drawn and listed, and the words and numbers of both.
Does not belong here: counting attempts (`sql/report_attempts.sql`), intervals (`assets/slo/intervals.py`), drawing (`charts.py`).
"""

from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports import numbers
from assets.reports.figures import Figure
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, percent, plural
from assets.reports.slices import DIMENSIONS as WORDS
from assets.reports.slices import version_key
from assets.reports.tables import MOST_ROWS, Column, Row, Table, scope_of
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData

TITLE = "Retries"
CONFIDENCE = 0.95
FLEET = "fleet"
MOST_DRAWN = 4  # of one dimension, those with the most upgrades
LONGEST_NAME = 40  # above a line: on a phone there is room for no more
_DECIMALS = 2
_ENDS = ("first", "final")


def section(data: "ReportData") -> dict[str, Any]:
    """The `figure` with its table, None where there is too little to draw and `empty` says so."""
    rows = _with_rates(data.attempts)
    fleet = next(rows.filter(pl.col("dimension") == FLEET).iter_rows(named=True), None)
    if fleet is None or fleet["upgrades"] < FEWEST_FOR_A_RATE:
        seen = f"only {plural(fleet['upgrades'], 'upgrade has', 'upgrades have')}" if fleet else "no upgrade has"
        return {
            "figure": None,
            "empty": f"Too few to tell whether retries help: {seen} a decided first attempt in the last 28 days.",
        }
    return {"figure": _figure(rows, fleet), "empty": ""}


def _with_rates(attempts: pl.DataFrame) -> pl.DataFrame:
    """The same rows with `final` (reached in the end), `unreached` at the first attempt, and both rates with their intervals."""
    from assets.slo.intervals import wilson

    rows = attempts.with_columns(
        final=pl.col("first") + pl.col("late") + pl.col("rescued"),
        unreached=pl.col("upgrades") - pl.col("first") - pl.col("late"),
    )
    ends: dict[str, pl.Series] = {}
    for name, good, total in (
        ("first", "first", "upgrades"),
        ("final", "final", "upgrades"),
        ("rescued", "rescued", "unreached"),
    ):
        low, high = wilson(rows[good].to_numpy(), rows[total].to_numpy(), CONFIDENCE)
        ends |= {f"{name}_rate": rows[good] / rows[total], f"{name}_low": pl.Series(low), f"{name}_high": pl.Series(high)}
    return rows.with_columns(**ends)


def _figure(rows: pl.DataFrame, fleet: dict[str, Any]) -> Figure:
    from assets.reports import charts

    title = _title(fleet)
    drawn = [row for row in _in_order(rows, most=MOST_DRAWN) if row["upgrades"] >= FEWEST_FOR_A_RATE]
    frame = pl.DataFrame([{"rank": rank, **_drawn(row)} for rank, row in enumerate(drawn)])
    largest = f"the fleet, every scope, and the {MOST_DRAWN} regions and versions with the most upgrades"
    return Figure(
        id="retries",
        title=title,
        subtitle="Share of upgrades that reached their version: ○ at the first attempt, ● in the end, with retries; beside the "
        "name, how many of the others retries rescued. An upgrade is of one resource, its first attempt started in the last 28 "
        f"days and is decided. Drawn: {largest}. The scale does not begin at zero.",
        description=f"Dumbbell chart of {plural(len(drawn), 'scope')}. {title}.",
        chart=charts.retry_dumbbell(frame),
        table=_table(rows),
        fit={"kind": "width"},
    )


def _title(fleet: dict[str, Any]) -> str:
    first, final = (percent(fleet[f"{name}_rate"], _DECIMALS) for name in ("first", "final"))
    if fleet["first"] == fleet["upgrades"]:
        return f"All {count(fleet['upgrades'])} upgrades reached their version at the first attempt"
    reached = f"{first} reach their version at the first attempt, {final} in the end"
    if not fleet["unreached"]:
        return f"{reached}; none needed a retry"
    if not fleet["retried"]:
        return f"{reached}; none of the {count(fleet['unreached'])} others has been retried"
    return f"Retries rescued {count(fleet['rescued'])} of {count(fleet['unreached'])} upgrades: {reached}"


def _in_order(rows: pl.DataFrame, *, most: int) -> list[dict[str, Any]]:
    """The fleet, every scope, and of regions and versions the largest; versions ascending."""
    fleet, scopes, versions, regions = (
        rows.filter(pl.col("dimension") == dimension).to_dicts() for dimension in (FLEET, "scope", "to_version", "region")
    )
    return [*fleet, *scopes, *sorted(versions[:most], key=lambda row: version_key(row["value"])), *regions[:most]]


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    values = {WORDS[name]: shown(row["value"]) if row["dimension"] == name else "all" for name in ("to_version", "region")}
    rates = {name: row[f"{name}_rate"] for name in _ENDS}
    rescued = f"{count(row['rescued'])} of {count(row['unreached'])} rescued" if row["unreached"] else "none to rescue"
    return {
        **values,
        "name": _name(row),
        "label": f"{shown(_name(row), longest=LONGEST_NAME)}: {rescued if row['dimension'] == FLEET else _of(row)}",
        **rates,
        **{f"{name}_text": percent(rate, _DECIMALS) for name, rate in rates.items()},
        "rescued_text": rescued,
        "is_fleet": row["dimension"] == FLEET,
    }


def _table(rows: pl.DataFrame) -> Table:
    listed = _in_order(rows, most=MOST_ROWS // 3)
    left_out = rows.height - len(listed)
    interval = f"{percent(CONFIDENCE, 0)} interval"
    heads = ("Upgrades", "At the first attempt", interval, "In the end", interval, "Retried", "Rescued", interval)
    return Table(
        "Upgrades that reached their version at the first attempt, and in the end",
        (Column("Scope"), Column("Dimension"), *(Column(head, "number") for head in heads)),
        tuple(_row(row) for row in listed),
        "At the first attempt: within 24 hours, and not on another version than wanted. In the end: whenever, also when the "
        "first attempt took longer. Rescued: a retry succeeded, of those whose first attempt did not."
        + (f" Without {plural(left_out, 'row')} of regions and versions with fewer upgrades." if left_out else ""),
    )


def _row(row: dict[str, Any]) -> Row:
    scope = scope_of({row["dimension"]: row["value"]})
    name = (_name(row), WORDS.get(row["dimension"], ""), count(row["upgrades"]))
    if row["upgrades"] < FEWEST_FOR_A_RATE:
        few = f"too few to judge (n = {row['upgrades']})"
        return Row((*name, few, MISSING, MISSING, MISSING, count(row["retried"]), _of(row), MISSING), scope)
    rates = (cell for each in _ENDS for cell in (percent(row[f"{each}_rate"], _DECIMALS), _interval(row, each, _DECIMALS)))
    rescued = _interval(row, "rescued", 1) if row["unreached"] >= FEWEST_FOR_A_RATE else MISSING
    return Row((*name, *rates, count(row["retried"]), _of(row), rescued), scope)


def _of(row: dict[str, Any]) -> str:
    return f"{count(row['rescued'])} of {count(row['unreached'])}" if row["unreached"] else MISSING


def _interval(row: dict[str, Any], name: str, decimals: int) -> str:
    return numbers.interval(row[f"{name}_low"], row[f"{name}_high"], decimals)


def _name(row: dict[str, Any]) -> str:
    if row["dimension"] == FLEET:
        return "Fleet"
    return f"unknown ({WORDS[row['dimension']]})" if row["value"] == "unknown" else shown(row["value"])
