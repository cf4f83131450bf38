"""The cells' suite: every way of slicing a day's operations counts the same operations.

Belongs here: expectations on `slo.cells`, per start-day and SLO.
Does not belong here: sums over windows (`status.py`).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb

from assets.slo.objectives import Objectives
from assets.sql_files import compose, sql_beside
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "cells"
LOOK_BACK_DAYS = 28
# The newest start-days are compared with the operations themselves; older ones were when they were new.
RECOUNTED_DAYS = 3
sql = sql_beside(__file__)


def suite(*, asked_for: Sequence[str]) -> Suite:
    """The expectations on `frame`; `asked_for` are the SLOs that the operations ask cells for: no frame passes by being empty."""
    return Suite(
        NAME,
        {
            "has_cells": Expectation(
                "ExpectColumnDistinctValuesToContainSet",
                {"column": "counted_slo", "value_set": list(asked_for)},
                "every SLO with operations in the newest start-days has cells",
            ),
            "slices_add_up": none_of("slicings_off", "every dimension adds up to the same fleet, outcome by outcome"),
            "counts_are_possible": none_of("negative_counts", "good, bad, pending and excluded are at least 0"),
            "cells_are_unique": none_of("repeated", "one row per day, SLO and slice"),
            "operations_are_counted": none_of(
                "miscounted",
                f"the newest {RECOUNTED_DAYS} start-days hold exactly the operations of the SLO's total",
            ),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date, objectives: Objectives) -> "pd.DataFrame":
    """One row per SLO and start-day of the last 28 days."""
    totals = " UNION ALL ".join(
        compose(sql("cells_expected"), total_where=each.total_where, slo=f"'{each.name}'") for each in objectives.objectives
    )
    values = {
        "report_date": day,
        "first_day": day - timedelta(days=LOOK_BACK_DAYS - 1),
        "recounted_from": day - timedelta(days=RECOUNTED_DAYS - 1),
    }
    return db.execute(compose(sql("cells_frame"), totals=totals), values).df()


def slos_asked_for(db: duckdb.DuckDBPyConnection, day: date, objectives: Objectives) -> list[str]:
    """The SLOs with an operation in the newest start-days."""
    return [
        each.name
        for each in objectives.objectives
        if db.execute(
            f"SELECT 1 FROM upgrades.operations WHERE day > ? AND day <= ? AND ({each.total_where}) LIMIT 1",
            [day - timedelta(days=RECOUNTED_DAYS), day],
        ).fetchall()
    ]
