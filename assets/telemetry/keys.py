"""The key indexes of events: which identities, and which threads, were delivered on which days.

Belongs here: what the indexes hold, and reading it from the table.
Does not belong here: how an index works (`assets/key_index.py`), duplicates (`duplicates.py`), the fold (`assets/upgrades/`).
"""

from collections.abc import Iterator

import duckdb

from assets.frames import columns
from assets.key_index import KeyIndex, Keys, Values, on_day
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)


def _by_day(column: str) -> KeyIndex:
    statement = compose(sql("keys_of_day"), key=column)

    def batches(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[Keys, Values]]:
        for (day,) in db.execute("SELECT DISTINCT delivery_day FROM telemetry.events ORDER BY delivery_day").fetchall():
            yield on_day(columns(db, statement, {"delivery_day": day})["key"], day)

    return KeyIndex(f"telemetry.{column}", batches)


IDENTITIES = _by_day("identity")
THREADS = _by_day("thread_key")
