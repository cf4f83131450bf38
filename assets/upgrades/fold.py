"""The fold: events become operations, one row per attempt to upgrade one resource.

Belongs here: which operations a new day or a late file touches, and folding exactly those again. The state stands at one delivery
day; it is moved forward or back, and looks as if no later delivery existed.
Does not belong here: reading deliveries (`assets/telemetry/`), what failures mean (`errors.py`), counting (`assets/slo/`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import orjson

from assets.code import code_sha256
from assets.sql_files import sql_beside
from assets.telemetry.intake import require_finished
from assets.upgrades import errors

sql = sql_beside(__file__)

_CODE = "assets/upgrades"

TABLES = ("state", "operations", "touched_days")


@dataclass(frozen=True)
class Fold:
    """What one fold did: operations written, and the start-days that are to be counted again."""

    operations: int
    days: int


def fold(db: duckdb.DuckDBPyConnection, *, day: date, inventory_sha256: str) -> Fold:
    """Bring `upgrades.operations` to what the deliveries up to `day` say; call it inside a transaction.

    Only operations whose events changed are folded again, and siblings on the same resource whose carried version, upgrade or
    attempt depends on them. All are when the inventory, or the code with its table of error codes, is another than last time.
    """
    require_finished(db, upto=day)
    basis = f"{inventory_sha256}:{code_sha256(_CODE)}"
    state = db.execute("SELECT day, basis FROM upgrades.state").fetchall()
    stands_at, stood_on = state[0] if state else (date.min, None)
    db.execute(
        sql("create_refolded"),
        {"after": min(stands_at, day), "upto": max(stands_at, day), "everything": stood_on != basis},
    )
    for statement, values in _steps(db, day):
        db.execute(sql(statement), values)
    [(operations,)] = db.execute("SELECT count(*) FROM changed").fetchall()
    [(days,)] = db.execute("SELECT count(*) FROM upgrades.touched_days").fetchall()
    db.execute("DELETE FROM telemetry.touched")
    db.execute("DELETE FROM upgrades.state")
    db.execute("INSERT INTO upgrades.state VALUES (?, ?)", [day, basis])
    return Fold(operations=operations, days=days)


def stands_at(db: duckdb.DuckDBPyConnection) -> date | None:
    """The delivery day up to which the operations have seen events; None before the first fold."""
    rows = db.execute("SELECT day FROM upgrades.state").fetchall()
    return rows[0][0] if rows else None


def inventory_sha256_of(db: duckdb.DuckDBPyConnection) -> str:
    """The hash of the inventory that the operations were joined with; empty before the first fold."""
    rows = db.execute("SELECT basis FROM upgrades.state").fetchall()
    return str(rows[0][0]).partition(":")[0] if rows else ""


def _steps(db: duckdb.DuckDBPyConnection, day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "create_folded", {"day": day}
    yield "create_enriched", {}
    yield "create_failures", {"failures": _failures(db)}
    yield "create_resources", {}
    yield "create_rebuilt", {}
    yield "create_changed", {}
    yield "insert_touched_days", {}
    yield "delete_changed", {}
    yield "insert_operations", {}


def _failures(db: duckdb.DuckDBPyConnection) -> str:
    texts = db.execute(sql("failure_texts")).fetchall()
    rows = [
        {"error_code": code, "error_message": message, "category": category, "responsibility": responsibility}
        for (code, message), (category, responsibility) in zip(texts, errors.classify_pairs(texts), strict=True)
    ]
    return orjson.dumps(rows).decode()
