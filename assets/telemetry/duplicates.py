"""Duplicates: which new events have the identity of one that was delivered before.

Belongs here: finding them among the new events and, through an index, among all earlier ones.
Does not belong here: reading files (`reading.py`), what follows from a duplicate (`intake.py`), the index itself (`keys.py`).
"""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt

from assets.frames import arrays, columns
from assets.key_index import Keys, dates, distinct
from assets.sql_files import sql_beside
from assets.telemetry.keys import IDENTITIES

sql = sql_beside(__file__)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class NewRows:
    """The rows that new files put into `telemetry.events`, which follow each other.

    `known_file`: the last file taken in before. `excluded`: row ids of lines that are no events. `identities`: of all other rows.
    """

    known_file: int
    excluded: Rows
    identities: Keys


def repeated(db: duckdb.DuckDBPyConnection, new: NewRows) -> Rows:
    """Row ids of events whose identity an earlier new record has."""
    ordered = np.sort(new.identities)
    repeats = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if len(repeats) == 0:
        return np.empty(0, np.int64)
    with arrays(db, excluded={"row_id": new.excluded}, repeats={"identity": repeats}):
        return columns(db, sql("repeated_rows"), {"known_file": new.known_file})["row_id"]


@dataclass(frozen=True)
class Known:
    """New events that were taken in before.

    `rows`: row ids of those whose first delivery is another; `later_than`: the first new file, by day and path, that comes before
    such a delivery.
    """

    rows: Rows
    later_than: tuple[date, str] | None


def known(db: duckdb.DuckDBPyConnection, new: NewRows) -> Known:
    """Which new events were taken in before, from whatever day."""
    identities, days = IDENTITIES.find(db, new.identities)
    if len(identities) == 0:
        return Known(np.empty(0, np.int64), None)
    with arrays(db, excluded={"row_id": new.excluded}, known_identities={"identity": distinct(identities)}):
        db.execute(sql("create_known"), {"known_file": new.known_file, "days": dates(days)})
    later = db.execute(sql("later_known")).fetchall()
    return Known(columns(db, "SELECT DISTINCT row_id FROM known")["row_id"], later[0] if later else None)
