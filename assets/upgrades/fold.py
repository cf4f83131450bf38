"""The fold: events become operations, one row per attempt to upgrade one resource.

Belongs here: which operations a new day or a late file touches, and folding exactly those again. The state stands at one delivery
day; it is moved forward or back, and looks as if no later delivery existed.
Does not belong here: reading deliveries (`assets/telemetry/`), what failures mean (`errors.py`), counting (`assets/slo/`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb
import orjson

from assets.code import code_sha256
from assets.frames import columns
from assets.key_index import dates
from assets.sql_files import compose, sql_beside
from assets.telemetry.intake import require_finished
from assets.telemetry.keys import THREADS
from assets.transactions import transaction
from assets.upgrades import errors, keys, siblings, threads

sql = sql_beside(__file__)

_CODE = "assets/upgrades"
# Events of operations that are folded at once, about: what a step holds in memory; and how many an operation has, about.
_EVENTS_AT_ONCE = 4_000_000
_EVENTS_OF_AN_OPERATION = 3


@dataclass(frozen=True)
class Fold:
    """What one fold did: operations written, and the start-days that are to be counted again."""

    operations: int
    days: int


def fold(
    db: duckdb.DuckDBPyConnection,
    *,
    day: date,
    inventory_sha256: str,
    progress: Callable[[date, int, int], None] = lambda _day, _done, _due: None,
) -> Fold:
    """Bring `upgrades.operations` to what the deliveries up to `day` say.

    Only operations whose events, or whose cluster's inventory, changed are folded again, and siblings on the same resource whose
    carried version, upgrade or attempt depends on them. All are when the code, or its table of error codes, is another than last
    time. Each step of a long way is a transaction of its own. `progress` hears the day, the steps done and the steps due.

    Raises:
        IntakeUnfinished: when events delivered by `day` are missing or not accounted for.
    """
    require_finished(db, upto=day)
    code = code_sha256(_CODE)
    with transaction(db):
        if _code_of(db) != code:
            _forget_operations(db)
    steps = _steps(db, day)
    operations = 0
    for number, step in enumerate(steps):
        progress(step.upto, number, len(steps))
        with transaction(db):
            operations += sum(_fold_part(db, step, bucket) for bucket in range(step.buckets))
            for table in ("telemetry.touched", "telemetry.changed_clusters", "upgrades.state"):
                db.execute(f"DELETE FROM {table}")
            db.execute("INSERT INTO upgrades.state VALUES (?, ?)", [step.upto, f"{inventory_sha256}:{code}"])
    [(days,)] = db.execute("SELECT count(*) FROM upgrades.touched_days").fetchall()
    return Fold(operations=operations, days=days)


@dataclass(frozen=True)
class Days:
    """Where some operations are: the delivery days of their events, and the start-days on which they may stand."""

    delivery: list[date]
    start: list[date]


def days_of(db: duckdb.DuckDBPyConnection, operations: str) -> Days:
    """Where the operations are whose `thread_key` is in the table of this name."""
    _, found = THREADS.find(db, columns(db, f"SELECT thread_key FROM {operations}")["thread_key"])
    delivery = dates(found)
    statement = compose(sql("days_of_events"), operations=operations)
    return Days(delivery, [day for (day,) in db.execute(statement, {"delivery_days": delivery}).fetchall()])


def stands_at(db: duckdb.DuckDBPyConnection) -> date | None:
    """The delivery day up to which the operations have seen events; None before the first fold."""
    rows = db.execute("SELECT day FROM upgrades.state").fetchall()
    return rows[0][0] if rows else None


def inventory_sha256_of(db: duckdb.DuckDBPyConnection) -> str:
    """The hash of the inventory that the operations were joined with; empty before the first fold."""
    rows = db.execute("SELECT basis FROM upgrades.state").fetchall()
    return str(rows[0][0]).partition(":")[0] if rows else ""


def _code_of(db: duckdb.DuckDBPyConnection) -> str:
    """The hash of the code that folded the operations; empty before the first fold."""
    rows = db.execute("SELECT basis FROM upgrades.state").fetchall()
    return str(rows[0][0]).partition(":")[2] if rows else ""


def _forget_operations(db: duckdb.DuckDBPyConnection) -> None:
    """Empty the table, so that the fold begins with the first delivery."""
    db.execute(sql("touch_all_days"))
    for table in ("upgrades.operations", "upgrades.other_operations", "upgrades.running", "upgrades.state", "telemetry.touched"):
        db.execute(f"DELETE FROM {table}")
    keys.clear(db)


@dataclass(frozen=True)
class _Step:
    """Moving the state from the end of `stands_at` to the end of `upto`, forward or back, in parts of the clusters."""

    stands_at: date
    upto: date
    buckets: int


def _steps(db: duckdb.DuckDBPyConnection, day: date) -> list[_Step]:
    """The way to `day`: one step mostly, several when there are more events on it than fit into memory."""
    start = stands_at(db) or date.min
    rows = db.execute(sql("events_by_day"), {"after": min(start, day), "upto": max(start, day)}).fetchall()
    changed = {"days_of_changed_clusters": _days_of_changed_clusters(db)}
    [(touched,)] = db.execute(sql("count_touched"), changed).fetchall()
    held = touched * _EVENTS_OF_AN_OPERATION  # by the first step, whatever its days
    if day <= start:
        return [_Step(start, day, 1 + (held + sum(events for _, events in rows)) // _EVENTS_AT_ONCE)]
    steps: list[_Step] = []
    until = start
    for delivery_day, events in rows:
        if held and held + events > _EVENTS_AT_ONCE:
            steps.append(_Step(start, until, 1 + held // _EVENTS_AT_ONCE))
            start, held = until, 0
        held, until = held + events, delivery_day
    return [*steps, _Step(start, day, 1 + held // _EVENTS_AT_ONCE)]


def _fold_part(db: duckdb.DuckDBPyConnection, step: _Step, bucket: int) -> int:
    """Fold the operations of one part of the clusters; an operation's siblings are of its cluster."""
    db.execute(
        sql("create_refolded"),
        {
            "after": min(step.stands_at, step.upto),
            "upto": max(step.stands_at, step.upto),
            "days_of_changed_clusters": _days_of_changed_clusters(db),
            "bucket": bucket,
            "buckets": step.buckets,
        },
    )
    days = days_of(db, "refolded")
    db.execute(sql("create_replaced"), {"days": days.start})
    threads.resolve(db, day=step.upto, delivery_days=days.delivery)
    db.execute(sql("create_folded"), {"day": step.upto, "delivery_days": days.delivery})
    db.execute(sql("create_enriched"))
    db.execute(sql("create_failures"), {"failures": _failures(db)})
    siblings.gather(db)
    db.execute(sql("create_changed"))
    db.execute(sql("insert_touched_days"))
    db.execute(sql("delete_changed"))
    db.execute(sql("insert_operations"))
    db.execute(sql("delete_running"))
    db.execute(sql("insert_running"))
    keys.note_changed(db)
    [(operations,)] = db.execute("SELECT count(*) FROM changed").fetchall()
    return int(operations)


def _days_of_changed_clusters(db: duckdb.DuckDBPyConnection) -> list[date]:
    changed = columns(db, "SELECT hash(cluster_id) AS cluster_key FROM telemetry.changed_clusters")
    _, days = keys.CLUSTERS.find(db, changed["cluster_key"])
    return dates(days)


def _failures(db: duckdb.DuckDBPyConnection) -> str:
    texts = db.execute(sql("failure_texts")).fetchall()
    rows = [
        {"error_code": code, "error_message": message, "category": category, "responsibility": responsibility}
        for (code, message), (category, responsibility) in zip(texts, errors.classify_pairs(texts), strict=True)
    ]
    return orjson.dumps(rows).decode()
