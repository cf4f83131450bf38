"""What the version catalogue adds to a report: how far upgrades are behind the newest minor, and which versions lack support.

Belongs here: sums by distance and what they say about the target, and the words beside a version.
Does not belong here: the catalogue (`assets/upgrades/catalogue.py`), counting operations (`assets/slo/version_counts.py`), markup
(`templates/page.html.j2`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from assets.reports import numbers
from assets.reports.figures import Figure
from assets.reports.micro import STATES
from assets.reports.numbers import FEWEST_FOR_A_RATE, MISSING, count, plural
from assets.reports.scores import Score
from assets.reports.slices import DIMENSIONS
from assets.reports.tables import MOST_ROWS, Column, Row, Table, rate_cells
from assets.reports.untrusted import sentence, shown
from assets.slo.evidence import with_evidence
from assets.upgrades.catalogue import Catalogue, Support, minor_of

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData, Versions
    from assets.slo.objectives import Objective

TITLE = "Distance from the newest minor"
AHEAD = -1  # every minor that the catalogue has not released yet, however far ahead
_WORDS = {Support.UNSUPPORTED: "unsupported on", Support.EXTENDED: "in extended support on"}
_BETWEEN_NAMES = re.compile(r"( · | → )")

# (status column, value as it is shown) → the words beside it
Marks: TypeAlias = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Distance:
    """The upgrades of one objective by distance: the finding, and the numbers behind it (None without upgrades)."""

    title: str
    table: Table | None


def distances(data: "ReportData", found: Iterable[Score]) -> list[Distance]:
    """One for each objective that has a success rate, in their order; none without a catalogue."""
    if data.versions is None:
        return []
    return [_distance(score, data.versions, day=data.report_date) for score in found if score.objective.kind == "ratio"]


def no_distance(data: "ReportData") -> str:
    """Why there is nothing to show, and what would change that."""
    if data.versions is None:
        return (
            "There is no version catalogue: list the minors of your providers in reference/versions.yaml of the home, "
            "then run the day again."
        )
    return "No objective counts successes, so there is no success rate to compare."


def by_distance(counts: pl.DataFrame, catalogue: Catalogue, objective: "Objective", *, day: date) -> pl.DataFrame:
    """One row per (provider, behind) with the columns of `with_evidence`, in reading order.

    `counts`: the objective's rows of `Versions.counts`. `behind`: how many minors behind the newest one that the provider had
    released by `day`, null when not known. A null `provider` is all of them together, left out when there is only one.
    """
    pairs = counts.select("provider", "to_version").rows()
    behind = [catalogue.minors_behind(provider, version, day) for provider, version in pairs]
    placed = counts.with_columns(pl.Series("behind", behind, dtype=pl.Int64).clip(lower_bound=AHEAD))
    together = placed.with_columns(provider=pl.lit(None, pl.String))
    sums = (
        pl.concat([together, placed] if placed["provider"].n_unique() > 1 else [placed])
        .group_by("provider", "behind")
        .agg(pl.col("good", "bad").sum())
        .with_columns(
            decided=(pl.col("good") + pl.col("bad")).sum().over("provider"),
            target=pl.lit(objective.target),
            confidence=pl.lit(objective.confidence),
        )
    )
    order = [pl.col("provider").is_not_null(), -pl.col("decided"), pl.col("provider"), pl.col("behind")]
    return with_evidence(sums.sort(order, nulls_last=True))


def marks(data: "ReportData") -> Marks:
    """The words beside each version and minor of the report's operations that a provider of theirs does not fully support."""
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    if data.versions is None:
        return {}
    for provider, version in data.versions.counts.select("provider", "to_version").unique().rows():
        for column, name in (("to_version", version), ("to_minor", minor_of(version))):
            words = _WORDS.get(data.versions.catalogue.support(provider, name, data.report_date)) if name else None
            if words:
                found.setdefault((column, shown(name)), {}).setdefault(words, set()).add(shown(provider))
    return {
        key: "; ".join(f"{words} {', '.join(sorted(each[words]))}" for words in _WORDS.values() if words in each)
        for key, each in found.items()
    }


def mark(parts: dict[str, Any], data: "ReportData") -> None:
    """Puts the words beside the versions in every table, and in the map, that these parts of the page hold."""
    found = marks(data)
    parts.update(_marked(parts, found))
    for row in parts["map"]["rows"] if "map" in parts else []:
        row["mark"] = found.get(("to_version", row["version"]), "")


def _marked(part: Any, found: Marks) -> Any:
    match part:
        case dict():
            return {name: _marked(each, found) for name, each in part.items()}
        case list():
            return [_marked(each, found) for each in part]
        case Figure():
            return replace(part, table=_marked(part.table, found))
        case Table():
            return replace(part, rows=tuple(_marked_row(row, part.columns, found) for row in part.rows))
        case _:
            return part


def _marked_row(row: Row, columns: tuple[Column, ...], found: Marks) -> Row:
    """The row's version is the one of its scope; a slice of a minor alone says so in its second cell."""
    is_minor = row.cells[1:2] == (DIMENSIONS["to_minor"],)
    name = row.cells[0] if is_minor else row.scope.get("version", "")
    words = found.get(("to_minor" if is_minor else "to_version", name))
    if words is None:
        return row
    cells = (
        cell
        if column.kind == "number"
        else "".join(f"{part} ({words})" if part == name else part for part in _BETWEEN_NAMES.split(cell))
        for column, cell in zip(columns, row.cells, strict=True)
    )
    return replace(row, cells=tuple(cells))


def _distance(score: Score, versions: "Versions", *, day: date) -> Distance:
    counts = versions.counts.filter(pl.col("slo") == score.objective.name)
    frame = by_distance(counts, versions.catalogue, score.objective, day=day)
    fleet = frame.filter(pl.col("provider").is_null()) if frame["provider"].null_count() else frame
    totals = dict(fleet.select("behind", "total").rows())
    if not sum(totals.values()):
        return Distance(f"{score.title}: no upgrade was decided in the window", None)
    unknown = totals.pop(None, 0)
    if known := sum(totals.values()):
        finding = f"{count(totals.get(0, 0))} of {plural(known, 'upgrade')} went to the newest minor"
        finding += f"; the distance of {count(unknown)} more is not known" if unknown else ""
    else:
        finding = "no distance is known"
    return Distance(f"{score.title}: {finding}", _table(score, frame, versions.catalogue, day))


def _table(score: Score, frame: pl.DataFrame, catalogue: Catalogue, day: date) -> Table:
    objective = score.objective
    rows = []
    for row in frame.head(MOST_ROWS).iter_rows(named=True):
        rate, interval = rate_cells(row["good"], row["total"], row["sli_low"], row["sli_high"], objective.target)
        is_judged = row["total"] >= FEWEST_FOR_A_RATE or not row["total"]
        verdict = STATES[row["verdict"]][0] if is_judged else MISSING
        provider = _provider(row["provider"], catalogue, day)
        rows.append(Row((provider, _words(row["behind"]), count(row["good"]), count(row["bad"]), rate, interval, verdict)))
    heads = ("Good", "Bad", "Success rate", f"{numbers.percent(objective.confidence, 0)} interval")
    columns = (Column("Provider"), Column("Distance"), *(Column(head, "number") for head in heads), Column("Verdict"))
    return Table(
        f"{score.title} by distance from the newest minor", columns, tuple(rows), _note(objective, frame, catalogue, day)
    )


def _provider(provider: str | None, catalogue: Catalogue, day: date) -> str:
    if provider is None:
        return "All providers"
    newest = catalogue.newest_minor(provider, day)
    return f"{shown(provider)}, newest {shown(newest)}" if newest else f"{shown(provider)}, no minor in the catalogue"


def _words(behind: int | None) -> str:
    if behind is None:
        return "unknown"
    if behind == AHEAD:
        return "ahead of the newest minor"
    return f"{plural(behind, 'minor')} behind" if behind else "newest minor"


def _note(objective: "Objective", frame: pl.DataFrame, catalogue: Catalogue, day: date) -> str:
    """What is counted, where the catalogue's rows come from, and what is left out."""
    providers = set(frame["provider"])
    sources = sorted({each.source for each in catalogue.releases.values() if each.source and each.provider in providers})
    parts = [
        f"Upgrades that started in the {plural(objective.window_days, 'day')} to {numbers.day(day)}: how many minors their "
        "version is behind the newest one that their provider had released by then.",
        sentence(f"Catalogue: {', '.join(sources)}.") if sources else "",
        f"The first {MOST_ROWS} of {count(frame.height)} rows." if frame.height > MOST_ROWS else "",
    ]
    return " ".join(filter(None, parts))
