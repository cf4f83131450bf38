"""The status' suite: what a report is about to say is complete, consistent, and no more than its counts allow.

Belongs here: expectations on the report date's rows of `slo.status`.
Does not belong here: the counts underneath (`cells.py`), the page (`assets/reports/`).
"""

from datetime import date
from typing import TYPE_CHECKING

import duckdb

from assets.slo.objectives import Objectives
from assets.slo.status import windows
from assets.slo.windows import own_window
from assets.sql_files import sql_beside
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "status"
_SLICED = ("Timeslices", "RatioTimeslices")
sql = sql_beside(__file__)


def suite(objectives: Objectives) -> Suite:
    """The expectations on `frame` for these objectives: the fleet's row of every SLO and window is the least there is."""
    fleets = [f"{each.name} {window}" for each in objectives.objectives for window in windows(each)]
    return Suite(
        NAME,
        {
            "has_every_window": Expectation(
                "ExpectColumnDistinctValuesToEqualSet",
                {"column": "fleet_of", "value_set": fleets},
                "a row for the fleet in every SLO's every window",
            ),
            "objectives_are_complete": Expectation(
                "ExpectColumnDistinctValuesToEqualSet",
                {"column": "slo", "value_set": [each.name for each in objectives.objectives]},
                "exactly the SLOs of the objectives",
            ),
            "rows_are_unique": none_of("repeated", "one row per SLO, window and slice"),
            "totals_are_sums": none_of("total_off", "total = good + bad"),
            "ratios_follow_the_counts": none_of(
                "sli_off", "sli = good / total or a mean of ratios, NULL exactly when total is 0"
            ),
            "intervals_hold_the_ratio": none_of("interval_off", "0 <= sli_low <= sli <= sli_high <= 1"),
            "verdicts_are_known": Expectation(
                "ExpectColumnValuesToBeInSet",
                {"column": "verdict", "value_set": ["met", "missed", "undecided", "no_data"]},
                "verdict is met, missed, undecided or no_data",
            ),
            "verdicts_need_data": none_of("verdict_off", "no_data exactly when total is 0; met and missed on the ratio's side"),
            "slices_add_up": none_of("slices_off", "the operations of every slicing add up to the fleet's, outcome by outcome"),
            "windows_end_with_the_day": none_of("window_off", "window_end is the end of the report's day, or the calendar's"),
            "budgets_follow_the_counts": none_of(
                "budget_off", "budget_spent follows bad, remaining NULL exactly without a budget"
            ),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date, objectives: Objectives) -> "pd.DataFrame":
    """The rows of `slo.status` for `day`, each with what is off about it."""
    by_method = {method: [each.name for each in objectives.objectives if each.budgeting_method == method] for method in _SLICED}
    ends = [(each.name, each.window, own_window(each, day).end) for each in objectives.objectives]
    values = {
        "report_date": day,
        "of_slices": by_method["Timeslices"],
        "of_ratios": by_method["RatioTimeslices"],
        "own_windows": [{"slo": slo, "window": window, "window_end": end} for slo, window, end in ends],
    }
    return db.execute(sql("status_frame"), values).df()
