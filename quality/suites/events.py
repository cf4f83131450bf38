"""The events' suite: the report day's files gave exactly the events, refusals and classes that the ledger counts.

Belongs here: expectations on the day's rows of `telemetry.events` and `telemetry.quarantine`, file by file.
Does not belong here: files of other days (`ledger.py`), what the events fold into (`operations.py`).
"""

from datetime import date
from typing import TYPE_CHECKING

import duckdb

from assets.reports.verdicts import ERROR, WARNING
from assets.sql_files import sql_beside
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "events"
sql = sql_beside(__file__)

# Above these shares of a day's records something is wrong at the sender. Chosen 2026-11: real collectors stay under 1 %.
MANY_QUARANTINED = 0.05
MOSTLY_QUARANTINED = 0.5


def suite(*, gaps_are_errors: bool) -> Suite:
    """The expectations on `frame`."""
    return Suite(
        NAME,
        {
            "day_has_files": Expectation(
                "ExpectTableRowCountToBeBetween",
                {"min_value": 1},
                "at least one file was delivered on the report's day",
                severity=ERROR if gaps_are_errors else WARNING,
            ),
            "accepted_records_are_stored": none_of("missing_accepted", "accepted records = records with an event stored"),
            "events_are_stored": none_of("missing_events", "events in the ledger = events stored"),
            "quarantined_records_are_stored": none_of("missing_quarantined", "quarantined records = rows in the quarantine"),
            "other_records_are_stored": none_of("missing_not_upgrades", "records that are no upgrade = rows that say so"),
            "identities_are_unique": none_of("repeated_identities", "no two events of the day have one source and id"),
            "times_are_possible": none_of("impossible_times", "2014-06-06 <= time <= end of the delivery day + 48 h"),
            "values_are_known": none_of("unknown_values", "type, scope and trigger are of the contract's lists"),
            "few_are_quarantined": Expectation(
                "ExpectColumnMaxToBeBetween",
                {"column": "quarantined_share", "max_value": MANY_QUARANTINED},
                f"at most {MANY_QUARANTINED} of the day's records are quarantined",
                severity=WARNING,
            ),
            "most_are_read": Expectation(
                "ExpectColumnMaxToBeBetween",
                {"column": "quarantined_share_of_many", "max_value": MOSTLY_QUARANTINED},
                f"at most {MOSTLY_QUARANTINED} of the day's records are quarantined (judged from 20 records on)",
            ),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date) -> "pd.DataFrame":
    """One row per file delivered on `day`: what the ledger counts and the tables lack, and events that break a rule."""
    return db.execute(sql("events_frame"), {"report_date": day}).df()
