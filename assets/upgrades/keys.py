"""The key indexes of operations: the start-days of the attempts of an upgrade, and of the operations of a cluster or resource.

Belongs here: what the indexes hold, noting operations in them, and reading them from the table.
Does not belong here: how an index works (`assets/key_index.py`), who asks and why (`siblings.py`, `fold.py`).
"""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np

from assets.frames import columns
from assets.key_index import KeyIndex, Keys, Values, day_numbers
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

_STORED = compose(sql("keys_of_operations"), operations="upgrades.operations", condition="day = $day")
_CHANGED = compose(sql("keys_of_operations"), operations="changed", condition="is_refolded")

Found = dict[str, Any]


def _index(name: str, pairs_of: Callable[[Found], tuple[Keys, Values]]) -> KeyIndex:
    def batches(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[Keys, Values]]:
        for (day,) in db.execute("SELECT DISTINCT day FROM upgrades.operations ORDER BY day").fetchall():
            yield pairs_of(columns(db, _STORED, {"day": day}))

    return KeyIndex(f"upgrades.{name}", batches)


def _clusters(found: Found) -> tuple[Keys, Values]:
    return found["cluster_key"], day_numbers(found["day"])


def _upgrades(found: Found) -> tuple[Keys, Values]:
    return found["upgrade_key"], day_numbers(found["day"])


def _receivers(found: Found) -> tuple[Keys, Values]:
    chosen = found["is_receiver"]
    return found["resource_key"][chosen], day_numbers(found["day"][chosen])


def _successes(found: Found) -> tuple[Keys, Values]:
    chosen = found["is_success"]
    return found["resource_key"][chosen], finished_and_started(found["finished_at"][chosen], found["day"][chosen])


def finished_and_started(finished: Any, started: Any) -> Values:
    """Two days as one value that sorts by the first: when a success finished, and the start-day where it stands."""
    return day_numbers(finished) << np.uint32(16) | day_numbers(started)


CLUSTERS = _index("clusters", _clusters)
UPGRADES = _index("upgrades", _upgrades)
# Operations that a version is carried to, and successes that one may be carried from.
RECEIVERS = _index("receivers", _receivers)
SUCCESSES = _index("successes", _successes)

_PAIRS = {CLUSTERS: _clusters, UPGRADES: _upgrades, RECEIVERS: _receivers, SUCCESSES: _successes}


def note_changed(db: duckdb.DuckDBPyConnection) -> None:
    """Note the operations that were folded again (the table `changed`) in every index."""
    found = columns(db, _CHANGED)
    for index, pairs_of in _PAIRS.items():
        index.add(db, *pairs_of(found))


def clear(db: duckdb.DuckDBPyConnection) -> None:
    """Forget everything; part of the transaction that empties the table of operations."""
    for index in _PAIRS:
        index.clear(db)
