"""The tables of the page: text rows with their columns, behind every chart and for everything that is a list.

Belongs here: which columns a table has, in which order and how each cell is written.
Does not belong here: choosing or judging rows (`slices.py`, `scores.py`), markup (`templates/page.html.j2`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from assets.reports import numbers
from assets.reports.micro import STATES, badge
from assets.reports.numbers import MISSING, count, duration, percent, percent_against
from assets.reports.plain_words import CLASSES, SOURCES
from assets.reports.scores import Score, budget_text
from assets.reports.slices import MAP_CONFIDENCE, Cell, Slice, dimensions_of, name_of
from assets.reports.untrusted import sentence, shown
from assets.slo.openslo import Shorthand, parse_shorthand

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData
    from assets.reports.restated import Figures, Moved

MOST_ROWS = 25
MOST_AT_ONCE = 10  # of rows that take several lines each
# Of a list that stands open on the page and not behind a chart: what one reads before asking why.
MOST_FINDINGS = 10
MOST_CODES = 10
MOST_SAMPLES = 3  # error codes of one reason
MOST_NAMED = 20  # operations that somebody has to look at one by one
MOST_REASONS = 5  # of one source


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand right, codes in a fixed-width face."""

    title: str
    kind: str = "text"  # text | number | code


_DECIDED = {"good": "Good", "bad": "Bad", "total": "Decided"}
_COUNTED = {**_DECIDED, "pending": "Pending", "excluded": "Excluded"}


@dataclass(frozen=True)
class Row:
    """The cells of one row; `scope` names its slice (version, region, workload), for highlighting."""

    cells: tuple[str, ...]
    scope: dict[str, str] = field(default_factory=dict)
    is_total: bool = False


@dataclass(frozen=True)
class Fold:
    """Where a table is cut: the first rows are there at once, the others behind a summary."""

    after: int
    summary: str


@dataclass(frozen=True)
class Table:
    """A table with its caption (read by screen readers) and a note on what is left out."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    fold: Fold | None = None


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
    """Failed operations per category and side that answers for them; how soon and with which codes, where the frame knows."""
    total = int(frame["failed_count"].sum())
    is_known = {"median_seconds", "codes"} <= set(frame.columns)
    rows = [
        Row((
            shown(row["error_category"]),
            shown(row["responsibility"]),
            *_part(row["failed_count"], total),
            *((duration(row["median_seconds"]), ", ".join(map(shown, row["codes"])) or MISSING) if is_known else ()),
        ))
        for row in frame.head(MOST_ROWS).iter_rows(named=True)
    ]  # fmt: skip
    sides = frame.group_by("responsibility").agg(pl.col("failed_count").sum())
    sums = sides.sort("failed_count", "responsibility", descending=[True, False]).rows() if sides.height > 1 else []
    for side, failed in (*sums, ("", total)):
        rows.append(Row(("All", shown(side), *_part(failed, total), *(("", "") if is_known else ())), is_total=True))
    columns = [Column("Category"), Column("Responsibility"), Column("Failed", "number"), Column("Share", "number")]
    notes = [_left_out(frame.height, "reasons")]
    if is_known:
        columns += [Column("Median time to failure", "number"), Column("Most frequent codes", "code")]
        notes.insert(0, "Time to failure: from the start, of those whose start is known.")
    return Table("Failed upgrades by reason", tuple(columns), tuple(rows), " ".join(filter(None, notes)))


def _part(part: int, total: int) -> tuple[str, str]:
    return count(part), percent(part / total, 1) if total >= numbers.FEWEST_FOR_A_RATE else MISSING


def overdue(data: "ReportData") -> Table:
    """Operations that run for more than 24 h, oldest first."""
    rows = [
        named(row, numbers.moment(row["started_at"]), duration(row["age_seconds"])) for row in data.overdue.iter_rows(named=True)
    ]
    return Table(
        "Upgrades running longer than 24 hours",
        (*NAMED, Column("Started"), Column("Running for", "number")),
        tuple(rows),
        _left_out(data.overdue_count, "upgrades"),
        Fold(MOST_AT_ONCE, f"{len(rows) - MOST_AT_ONCE} more") if len(rows) > MOST_AT_ONCE else None,
    )


NAMED = (
    Column("Cluster", "code"), Column("Operation", "code"), Column("What"), Column("From → to"), Column("Region"),
    Column("Workload"),
)  # fmt: skip


def named(row: dict[str, Any], *more: str) -> Row:
    """One operation by its name: cells for the columns of `NAMED`, and more of them."""
    part = shown(row["scope"]) + (f", {shown(row['node_pool'])}" if row["node_pool"] else "")
    versions = f"{shown(row['from_version'])} → {shown(row['to_version'])}"
    cells = (
        shown(row["cluster_id"]), shown(row["operation_id"]), part, versions, shown(row["region"]), shown(row["workload_type"]),
    )  # fmt: skip
    values = {name: row[name] for name in ("to_version", "region", "workload_type") if row[name]}
    return Row((*cells, *more), scope_of(values))


def ledger(data: "ReportData") -> Table:
    """Every record of every source, accounted for."""
    heads = {
        "files": "Files", "redelivered": "Delivered again", "failed": "Failed", "lines": "Lines", "blank": "Blank",
        "records": "Records", "accepted": "Accepted", "duplicate": "Duplicate", "quarantined": "Quarantined",
        "not_an_upgrade": "Not an upgrade",
    }  # fmt: skip
    rows = [
        Row((two_lines(_source(row["source"]), shown(row["source"])), *(count(row[name]) for name in heads)))
        for row in data.ledger.iter_rows(named=True)
    ]
    rows.append(Row(("All", *(count(int(data.ledger[name].sum())) for name in heads)), is_total=True))
    columns = (Column("Source"), *(Column(head, "number") for head in heads.values()))
    return Table(
        "Row ledger by source",
        columns,
        tuple(rows),
        "Records = accepted + duplicate + quarantined + not an upgrade. A file that was delivered again, with the same bytes, "
        "adds nothing to the other columns, nor does one that failed.",
    )


def quarantine(data: "ReportData") -> Table:
    """Refused records by source and reason, of each source the most frequent reasons."""
    rows, left_out = [], 0
    for _, reasons in data.quarantine.group_by("source", maintain_order=True):
        ordered = reasons.sort("quarantined", "reason", descending=[True, False])
        left_out += max(ordered.height - MOST_REASONS, 0)
        rows += [
            Row((_source(row["source"]), shown(row["reason"]), count(row["quarantined_today"]), count(row["quarantined"])))
            for row in ordered.head(MOST_REASONS).iter_rows(named=True)
        ]
    columns = (Column("Source"), Column("Reason", "code"), Column("Today", "number"), Column("Last 28 days", "number"))
    note = f"Without {numbers.plural(left_out, 'rarer reason')}; all are in the snapshot." if left_out else ""
    return Table("Quarantined records by source and reason", columns, tuple(rows), note)


def not_upgrades(data: "ReportData") -> Table:
    """Records that were understood and are no upgrades, by source and what they are."""
    rows = [
        Row((_source(row["source"]), _class(row["class"]), shown(row["class"]), count(row["records"])))
        for row in data.not_upgrades.head(MOST_ROWS).iter_rows(named=True)
    ]
    columns = (Column("Source"), Column("What it is"), Column("Class", "code"), Column("Last 28 days", "number"))
    return Table("Records that are no upgrades", columns, tuple(rows), _first_of(data.not_upgrades.height, "classes"))


def other_operations(data: "ReportData") -> Table:
    """Operations that turned out to be no upgrades, by what they are."""
    rows = [
        Row((_class(row["class"]), shown(row["class"]), count(row["operations"])))
        for row in data.other_operations.iter_rows(named=True)
    ]
    columns = (Column("What it is"), Column("Class", "code"), Column("Operations", "number"))
    return Table("Operations that are no upgrades", columns, tuple(rows))


def unknown_codes(data: "ReportData") -> Table:
    """Error codes that the table of error codes does not know, the most frequent first, and how it comes to know them."""
    rows = [
        Row((shown(row["error_code"]), shown(row["provider"]), count(row["failed_count"])))
        for row in data.unknown_codes.iter_rows(named=True)
    ]
    columns = (Column("Error code", "code"), Column("Seen at, for example"), Column("Failed", "number"))
    codes = data.unknown_codes["codes"][0]
    return Table(
        "Error codes that are not classified",
        columns,
        tuple(rows),
        (f"The {MOST_CODES} most frequent of {count(codes)}. " if codes > MOST_CODES else "")
        + "Until somebody classifies them, they count as internal and as the platform's. To do so, add a row to "
        "assets/upgrades/error_codes.yaml, such as {codes: [TheCode], category: configuration, responsibility: customer}; "
        "the top of that file says what is accepted. The next report that is built counts them so.",
    )


def moves(moved: "Sequence[Moved]", found: Sequence[Score]) -> Table:
    """Figures of the fleet before and after a revision, in the order of the objectives, each with its own window first."""
    places = {score.objective.name: place for place, score in enumerate(found)}
    own = {(score.objective.name, score.objective.window) for score in found}
    ordered = sorted(
        moved, key=lambda each: (places.get(each.slo, len(places)), (each.slo, each.window) not in own, _days(each.window))
    )
    rows = [Row((*_title_and_window(each, found), *_before_and_after(each, found, _COUNTED))) for each in ordered[:MOST_ROWS]]
    note = f"The first {MOST_ROWS} of {count(len(moved))}; all are in manifest.json." if len(moved) > MOST_ROWS else ""
    columns = (Column("Objective"), Column("Window"), *_columns(_COUNTED))
    return Table("Figures of the fleet that moved", columns, tuple(rows), note)


def slice_moves(moved: "Sequence[Moved]", found: Sequence[Score]) -> Table:
    """Figures of slices before and after a revision, in the order in which they come."""
    rows = [
        Row((
            two_lines(name_of(each.values), dimensions_of(each.values)),
            _title_and_window(each, found)[0],
            *_before_and_after(each, found, _DECIDED),
        ))
        for each in moved
    ]  # fmt: skip
    return Table(
        "Slices that moved most",
        (Column("Slice"), Column("Objective"), *_columns(_DECIDED)),
        tuple(rows),
        "By operations that are good or bad and were not, or were and are not; a slice that holds, or lies in, one further up is "
        "left out. All slices of both revisions are in their slo_status.csv.",
    )


def delivery_changes(changes: pl.DataFrame) -> Table:
    """Files for which a revision takes the place of another, in order of delivery."""
    rows = [
        Row((
            shown(row["path"]),
            numbers.day(row["delivery_day"]),
            row["change"],
            _arrow(*(MISSING if row[name] is None else count(row[name]) for name in ("events_before", "events"))),
        ))
        for row in changes.head(MOST_ROWS).iter_rows(named=True)
    ]  # fmt: skip
    columns = (Column("File below landing/", "code"), Column("Delivery day"), Column("What happened"), Column("Events", "number"))
    return Table("Deliveries that changed", columns, tuple(rows), _first_of(changes.height, "files"))


def _title_and_window(moved: "Moved", found: Sequence[Score]) -> tuple[str, str]:
    title = next((score.title for score in found if score.objective.name == moved.slo), shown(moved.slo))
    return title, _window(moved.window)


def _days(window: str) -> int:
    """The length of a window, which may be written as `28d`, `4w` or `672h`; a month counts 30."""
    return _written(window).seconds // 86_400


def _window(window: str) -> str:
    """`28 days` for `28d`, `4w` and `672h`, `1 month` for `1M`, whose days depend on the month."""
    written = _written(window)
    named = {"M": "month", "Q": "quarter", "Y": "year"}.get(written.unit)
    return numbers.plural(written.amount, named) if named else numbers.plural(_days(window), "day")


def _written(window: str) -> Shorthand:
    written = parse_shorthand(window)
    assert written is not None, window  # the status holds windows of objectives that were read
    return written


def _columns(counts: dict[str, str]) -> tuple[Column, ...]:
    heads = (*counts.values(), "Achieved", "Difference")
    return (*(Column(head, "number") for head in heads), Column("Verdict"))


def _before_and_after(moved: "Moved", found: Sequence[Score], names: Iterable[str]) -> tuple[str, ...]:
    """Counts, rate, their difference and the verdict; a rate only of as many operations as one is printed for."""
    score = next((score for score in found if score.objective.name == moved.slo), None)
    sides = (moved.before, moved.after)
    counts = (_arrow(*(MISSING if side is None else count(getattr(side, name)) for side in sides)) for name in names)
    rates = [side.sli if side and side.total >= numbers.FEWEST_FOR_A_RATE else None for side in sides]
    decimals = 2 if score is None else score.decimals
    achieved = _arrow(*(_rate(side, score, decimals) for side in sides))
    before, after = rates
    difference = MISSING if before is None or after is None else numbers.points(after - before, max(decimals, 2))
    verdict = _arrow(*(MISSING if side is None else STATES[side.verdict][0] for side in sides))
    return *counts, achieved, difference, verdict


def _rate(side: "Figures | None", score: Score | None, decimals: int) -> str:
    if side is None or side.sli is None:
        return MISSING
    if side.total < numbers.FEWEST_FOR_A_RATE:
        return f"n = {side.total}"
    return percent(side.sli, decimals) if score is None else percent_against(side.sli, score.objective.target, decimals)


def _arrow(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def two_lines(text: str, below: str) -> Markup:
    return Markup("{}<small>{}</small>").format(text, below)


def _source(name: str) -> str:
    return SOURCES.get(name, shown(name))


def _class(name: str) -> str:
    return CLASSES.get(name, shown(name).replace("_", " "))


def _first_of(available: int, noun: str) -> str:
    return f"The first {MOST_ROWS} of {count(available)} {noun}." if available > MOST_ROWS else ""


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
    passed = sum(state == "passed" for state, _ in found)
    fold = Fold(len(rows) - passed, numbers.plural(passed, "check that passed", "checks that passed")) if passed else None
    return Table("Checks of the data", columns, tuple(rows), fold=fold)


def _left_out(available: int, noun: str) -> str:
    if available <= MOST_ROWS:
        return ""
    return f"The first {MOST_ROWS} of {count(available)} {noun}; all are in slo_status.csv or the snapshot."
