"""The ledger's suite: every delivered file was read, and every record of it is accounted for.

Belongs here: expectations on `telemetry.files` as a whole, the gaps between delivery days, the day's volume.
Does not belong here: the events that the day's files gave (`events.py`).
"""

from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

import duckdb

from assets.reports.verdicts import ERROR, WARNING
from assets.sql_files import sql_beside
from assets.telemetry.ledger import gaps
from quality.gate import Expectation, Suite, none_of

if TYPE_CHECKING:
    import pandas as pd

NAME = "ledger"
sql = sql_beside(__file__)

# Fleets rest on weekends; only a day far outside its recent past says that something broke on the way.
# Chosen 2026-11 on simulated fleets: half or double the median is worth a look, a twentieth is an outage of the telemetry.
USUAL_VOLUME = (0.5, 2.0)
LEAST_VOLUME = 0.05
TRAILING_DAYS = 28
# Fewer days, or a median below this, and a quiet day says nothing.
JUDGED_FROM_DAYS = 7
JUDGED_FROM_RECORDS = 200


def suite(*, gaps_are_errors: bool) -> Suite:
    """The expectations on `frame`."""
    return Suite(
        NAME,
        {
            "has_deliveries": Expectation(
                "ExpectTableRowCountToBeBetween",
                {"min_value": 1},
                "at least one file was delivered by the report's day",
            ),
            "files_are_readable": Expectation(
                "ExpectColumnMaxToBeBetween",
                {"column": "is_failed", "max_value": 0},
                "every file delivered by the report's day could be read; mend it or remove it",
                names="failure",
            ),
            "records_are_accounted_for": none_of(
                "unexplained_records", "records = accepted + duplicate + quarantined + not_an_upgrade in every file"
            ),
            "lines_are_accounted_for": none_of(
                "unexplained_lines", "lines = records + blank in every file whose records are lines"
            ),
            "days_have_no_gap": Expectation(
                "ExpectColumnMaxToBeBetween",
                {"column": "gap_days", "max_value": 0},
                "every day from the first delivery on has a file; deliver an empty one for a day without events, "
                "or set UPGRADE_SLO_GAPS=warn for a fleet that does not deliver daily",
                severity=ERROR if gaps_are_errors else WARNING,
                names="gap_names",
            ),
            "volume_is_plausible": Expectation(
                "ExpectColumnMinToBeBetween",
                {"column": "volume_ratio", "min_value": LEAST_VOLUME},
                f"the day has at least {LEAST_VOLUME} of the trailing median of records "
                f"(judged from {JUDGED_FROM_DAYS} days and a median of {JUDGED_FROM_RECORDS} records on)",
            ),
            "volume_is_usual": Expectation(
                "ExpectColumnMaxToBeBetween",
                {
                    "column": "unusual_volume_ratio",
                    "min_value": USUAL_VOLUME[0],
                    "max_value": USUAL_VOLUME[1],
                },
                f"the day has {USUAL_VOLUME[0]} to {USUAL_VOLUME[1]} of the trailing median of records",
                severity=WARNING,
            ),
        },
    )


def frame(db: duckdb.DuckDBPyConnection, day: date) -> "pd.DataFrame":
    """One row per file delivered by `day`; gaps and volume stand on every row, 1.0 where the volume cannot be judged."""
    files = db.execute(sql("ledger_frame"), {"report_date": day}).df()
    missing = gaps((each.date() for each in files["delivery_day"]), upto=day)
    ratio = _volume_ratio(db, day)
    return files.assign(
        gap_days=len(missing),
        gap_names=", ".join(map(str, missing[:5])),
        volume_ratio=ratio,
        unusual_volume_ratio=ratio,
    )


def _volume_ratio(db: duckdb.DuckDBPyConnection, day: date) -> float:
    """Records of the day over the median of the delivery days before it; a day without a file is a gap, and has no volume."""
    values = {"report_date": day, "first_day": day - timedelta(days=TRAILING_DAYS)}
    records = dict(db.execute(sql("daily_records"), values).fetchall())
    before = [count for each, count in records.items() if each < day]
    if day not in records or len(before) < JUDGED_FROM_DAYS or median(before) < JUDGED_FROM_RECORDS:
        return 1.0
    return float(records[day] / median(before))
