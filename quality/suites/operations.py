"""The operations' suite: what the fold promises of each operation, over the days that reports look at.

Belongs here: expectations on `upgrades.operations`, counted per start-day so that the frame stays small.
Does not belong here: counting operations for an SLO (`cells.py`).
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb

from assets.sql_files import sql_beside
from assets.telemetry.canonical import LATENESS_OF_CLOCKS
from assets.upgrades.fold import days_of
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "operations"
LOOK_BACK_DAYS = 28
sql = sql_beside(__file__)


def suite(*, at_least: int) -> Suite:
    """The expectations on `frame`; `at_least` is the number of rows that the day's events ask for."""
    return Suite(
        NAME,
        {
            "has_operations": Expectation(
                "ExpectTableRowCountToBeBetween",
                {"min_value": at_least},
                "the operations of the day's events are there",
            ),
            "operations_are_unique": none_of("repeated", "one row per (cluster_id, operation_id)"),
            "states_are_known": none_of("unknown_states", "state is of the contract's list"),
            "ends_are_dated": none_of("undated_ends", "an operation that ended has finished_at, one that runs has started_at"),
            "days_follow_the_start": none_of("misdated", "day is the UTC date of start, else schedule, else finish"),
            "durations_are_possible": none_of(
                "impossible_durations", "duration_seconds >= 0, and only where start and finish are known"
            ),
            "attempts_are_numbered": none_of("misnumbered", "attempt >= 1, and is_first_attempt says whether it is 1"),
            "failures_have_an_owner": none_of(
                "unowned_failures", "responsibility is none exactly for operations that did not fail"
            ),
            "running_are_listed": none_of("unlisted_running", "the list of running operations holds exactly those that run"),
            "events_are_folded": none_of("unfolded_events", "every event of the report's day belongs to an operation"),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date) -> "pd.DataFrame":
    """One row per start-day of the last 28 days, and one for operations of other days that the day's events belong to."""
    db.execute(sql("create_todays"), {"report_date": day})
    first_day, last_day = day - timedelta(days=LOOK_BACK_DAYS - 1), day + LATENESS_OF_CLOCKS + timedelta(days=1)
    looked_at = {first_day + timedelta(days=each) for each in range((last_day - first_day).days + 1)}
    values = {"first_day": first_day, "days": sorted(looked_at.union(days_of(db, "todays").start))}
    return db.execute(sql("operations_frame"), values).df()


def rows_asked_for(db: duckdb.DuckDBPyConnection, day: date) -> int:
    """1 when the report's day brought an event of an upgrade, so that at least one start-day has to be there; else 0."""
    db.execute(sql("create_todays"), {"report_date": day})
    [(due,)] = db.execute(sql("count_due")).fetchall()
    return min(due, 1)
