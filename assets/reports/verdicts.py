"""The stored verdicts of the quality gate, and whether they allow a day to be published.

Belongs here: keeping verdicts beside the tables they judge, and the decision that publishing rests on.
Does not belong here: judging (`quality/`), publishing (`publish.py`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

import duckdb

from assets.sql_files import sql_beside

sql = sql_beside(__file__)

# A report rests on all of these; one that was not judged is as bad as one that failed.
SUITES = ("ledger", "events", "operations", "cells", "status", "alerts")
ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one expectation. `rule` says what is accepted, `observed` what was found."""

    suite: str
    check: str
    severity: str
    passed: bool
    observed: str
    rule: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a day may be published; `reasons` is empty exactly then."""

    verdicts: tuple[Verdict, ...]
    reasons: tuple[dict[str, str], ...]

    @property
    def may_publish(self) -> bool:
        return not self.reasons


def store_verdicts(db: duckdb.DuckDBPyConnection, *, day: date, suite: str, verdicts: Iterable[Verdict], basis: str) -> None:
    """Replace what the gate said of this suite for report date `day`; call it inside a transaction."""
    db.execute("DELETE FROM reports.verdicts WHERE report_date = ? AND suite = ?", [day, suite])
    for verdict in verdicts:
        row = {"report_date": day, "basis": basis, **asdict(verdict)}
        db.execute(
            "INSERT INTO reports.verdicts VALUES ($report_date, $suite, $check, $severity, $passed, $observed, $rule, $basis)",
            row,
        )


def decision(db: duckdb.DuckDBPyConnection, *, day: date, basis: str) -> Decision:
    """Whether the stored verdicts allow `day` to be published, given the hash of what its figures rest on now."""
    rows = db.execute(sql("read_verdicts"), {"report_date": day}).fetchall()
    verdicts = tuple(Verdict(*row[:-1]) for row in rows)
    current = {suite for suite, *_, judged_on in rows if judged_on == basis}
    reasons = [
        {
            "suite": suite,
            "check": "judged",
            "observed": "never judged" if suite not in {each.suite for each in verdicts} else "judged on other data",
            "rule": f"the {suite} suite has judged exactly the data of this report; run the job of this day again",
        }
        for suite in SUITES
        if suite not in current
    ]
    computed = db.execute("SELECT basis FROM slo.status_state WHERE report_date = ?", [day]).fetchall()
    if computed != [(basis,)]:
        reasons.append(
            {
                "suite": "status",
                "check": "computed",
                "observed": "computed from other data" if computed else "never computed",
                "rule": "the figures rest on exactly the data of this report; run the job of this day again",
            }
        )
    refused = refusal(each for each in verdicts if each.suite in current)
    return Decision(verdicts=verdicts, reasons=(*reasons, *refused.reasons))


def refusal(verdicts: Iterable[Verdict]) -> Decision:
    """The decision that these verdicts alone amount to: every error that failed is a reason."""
    verdicts = tuple(verdicts)
    return Decision(
        verdicts=verdicts,
        reasons=tuple(
            {"suite": each.suite, "check": each.check, "observed": each.observed, "rule": each.rule}
            for each in verdicts
            if each.severity == ERROR and not each.passed
        ),
    )
