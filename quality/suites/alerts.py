"""The alerts' suite: every rule has been judged, and none fires on less than its counts.

Belongs here: expectations on the report date's rows of `slo.alerts`.
Does not belong here: the windows' sums that the status has too (`status.py`), who is told of an alert (`assets/reports/`).
"""

from datetime import date
from typing import TYPE_CHECKING

import duckdb

from assets.slo.alerts import STATES, rules_on
from assets.slo.objectives import Objectives
from assets.sql_files import sql_beside
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "alerts"
sql = sql_beside(__file__)


def suite(objectives: Objectives, day: date) -> Suite:
    """The expectations on `frame` for the rules that these objectives have on `day`."""
    rules = [f"{each.name} {rule.name}" for each in objectives.objectives for rule in rules_on(each, day)]
    return Suite(
        NAME,
        {
            "every_rule_is_judged": Expectation(
                "ExpectColumnDistinctValuesToEqualSet",
                {"column": "judged", "value_set": rules},
                "a row for every SLO's every alert rule",
            ),
            "alerts_are_unique": none_of("repeated", "one row per SLO and alert rule"),
            "alert_states_are_known": none_of(
                "state_off",
                "; ".join(f"{evaluation}: {', '.join(states)}" for evaluation, states in STATES.items()),
            ),
            "burn_rates_follow_the_counts": none_of(
                "burn_off", "bad / total / (1 - target) in both windows, NULL exactly when total is 0"
            ),
            "firing_is_earned": none_of("firing_off", "what fires reaches its threshold in both windows, with enough bad ones"),
            "no_data_has_no_counts": none_of("no_data_off", "no_data exactly when one of the windows has no decided operation"),
            "moments_fit_the_day": none_of(
                "moment_off", "since exactly when firing, first_at within the day exactly when it would have fired, none later"
            ),
            "windows_agree_with_the_status": none_of("window_off", "the counts of the status where it has the same window"),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date) -> "pd.DataFrame":
    """The rows of `slo.alerts` for `day`, each with what is off about it."""
    states = [{"evaluation": evaluation, "state": state} for evaluation, each in STATES.items() for state in each]
    return db.execute(sql("alerts_frame"), {"report_date": day, "states": states}).df()
