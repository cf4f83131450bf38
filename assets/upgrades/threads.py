"""Threads: what several sources tell of the same upgrades of a cluster, put together before it is folded.

Belongs here: pairing ends with starts where a source names no operation, merging what more than one source reports, and telling
upgrades from other changes, always for all events of a thread at once.
Does not belong here: what one record says (`assets/telemetry/sources/`), folding events to operations (`fold.py`).
"""

from datetime import date, timedelta

import duckdb

from assets.sql_files import sql_beside

sql = sql_beside(__file__)

# How long an upgrade may take for an end to be taken for its end, where neither names it.
LONGEST_PAIR = timedelta(hours=24)
# How far apart two sources may say that the same upgrade started: one stamps the request, another the first node.
APART = timedelta(minutes=10)


def resolve(db: duckdb.DuckDBPyConnection, *, day: date, delivery_days: list[date]) -> None:
    """Fill the tables `resolved` and `classed` for the threads in `refolded`, as far as the deliveries up to `day` tell."""
    db.execute(sql("create_thread_events"), {"day": day, "delivery_days": delivery_days})
    db.execute(sql("create_paired"), {"longest_microseconds": LONGEST_PAIR // timedelta(microseconds=1)})
    db.execute(sql("create_merged"), {"apart_microseconds": APART // timedelta(microseconds=1)})
    db.execute(sql("create_resolved"))
    db.execute(sql("create_classed"))
    db.execute(sql("delete_other_operations"))
    db.execute(sql("insert_other_operations"))
