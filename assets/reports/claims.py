"""Upgrades that say they succeeded: how many run another version than they claim, and of how many nobody knows.

Belongs here: the list and its words.
Does not belong here: what counts as reached (`assets/slo/classification.py`), reading the list (`model.py`).
"""

from typing import TYPE_CHECKING, Any

from assets.reports import numbers
from assets.reports.numbers import FEWEST_FOR_A_RATE, count, percent, plural
from assets.reports.tables import NAMED, Column, Table, named
from assets.reports.untrusted import shown

if TYPE_CHECKING:
    from assets.reports.report_data import ReportData


def section(data: "ReportData") -> dict[str, Any]:
    """The `title`, the `note` on what was not observed, and the `table` of those that run another version, None without any."""
    claims = data.claims.row(0, named=True)
    return {
        "title": _title(claims),
        "note": _note(claims),
        "table": _table(data, claims) if claims["contradicted"] else None,
    }


def _title(claims: dict[str, int]) -> str:
    succeeded, contradicted = claims["succeeded"], claims["contradicted"]
    observed = succeeded - claims["unobserved"]
    if not succeeded:
        return "No upgrade of the last 28 days says that it succeeded"
    if not observed:
        return f"Nobody saw the version afterwards of any of {plural(succeeded, 'upgrade')} that say they succeeded"
    if not contradicted:
        return f"Every one of {plural(observed, 'upgrade')} whose version was seen afterwards runs what it claims"
    share = f" ({_share(contradicted, observed)})" if observed >= FEWEST_FOR_A_RATE else ""
    verb = "claims" if contradicted == 1 else "claim"
    return (
        f"{count(contradicted)} of {plural(observed, 'upgrade')}{share} {verb} success where another version was seen afterwards"
    )


def _note(claims: dict[str, int]) -> str:
    succeeded, unobserved, noops = (claims[name] for name in ("succeeded", "unobserved", "unobserved_noops"))
    if not unobserved:
        return ""
    share = f" ({_share(unobserved, succeeded)})" if succeeded >= FEWEST_FOR_A_RATE else ""
    note = (
        f"Of {count(unobserved)} of {plural(succeeded, 'success', 'successes')}{share} in the last 28 days nobody saw the "
        "version afterwards; they count as good."
    )
    if noops:
        note += f" {count(noops)} of them ended so soon that nothing can have been replaced."
    return note


def _share(part: int, total: int) -> str:
    return percent(part / total, 2)


def _table(data: "ReportData", claims: dict[str, int]) -> Table:
    rows = [
        named(row, shown(row["observed_version"]), _seen(row), numbers.moment(row["finished_at"]))
        for row in data.contradicted.iter_rows(named=True)
    ]
    left_out = claims["contradicted"] - len(rows)
    return Table(
        "Upgrades that claim success on another version than was seen",
        (*NAMED, Column("Seen afterwards"), Column("That is"), Column("Finished")),
        tuple(rows),
        f"The {len(rows)} newest of {count(claims['contradicted'])}; all are in the snapshot." if left_out else "",
    )


def _seen(row: dict[str, Any]) -> str:
    what = "the version before" if row["observed_version"] == row["from_version"] else "another one"
    return f"{what}; it ended too soon to have replaced anything" if row["is_suspected_noop"] else what
