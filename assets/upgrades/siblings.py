"""Siblings: the stored operations that those which are folded again bear on, and no others.

Belongs here: finding the other attempts of an upgrade, the operations whose version before is carried from a success that
changed, and the success that a version is carried from, wherever in the history they stand.
Does not belong here: what follows from siblings (`sql/create_changed.sql`), the indexes (`keys.py`).
"""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from assets.frames import arrays, columns
from assets.key_index import Keys, Values, dates, day_numbers, distinct, ranges
from assets.sql_files import sql_beside
from assets.upgrades.keys import RECEIVERS, SUCCESSES, UPGRADES

sql = sql_beside(__file__)


def gather(db: duckdb.DuckDBPyConnection) -> None:
    """Fill the tables `siblings`, `receivers` and `donors` for the operations in `replaced` and `enriched`."""
    db.execute(sql("create_upgrade_keys"))
    _, days_of_attempts = UPGRADES.find(db, columns(db, "FROM upgrade_keys")["upgrade_key"])
    resources, days_of_receivers = _receiving(db)
    days = {"days_of_attempts": dates(days_of_attempts), "days_of_receivers": dates(days_of_receivers)}
    with arrays(db, receiving_resources={"resource_key": resources}):
        db.execute(sql("create_siblings"), days)
        db.execute(sql("create_receivers"))
    db.execute(sql("create_donors"))
    _look_up_donors(db)


def _receiving(db: duckdb.DuckDBPyConnection) -> tuple[Keys, Values]:
    """Resources, and start-days, of operations that start when a changed success has finished or later."""
    changed = columns(db, sql("changed_successes"))
    resources, first = _least(changed["resource_key"], day_numbers(changed["finished_at"]))
    found, start_days = RECEIVERS.find(db, resources)
    is_later = start_days >= first[np.searchsorted(resources, found)]
    return distinct(found[is_later]), start_days[is_later]


def _least(keys: Keys, values: Values) -> tuple[Keys, Values]:
    """The distinct keys in order, each with the least of its values."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    is_first = np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]
    return keys[is_first], values[is_first]


def _look_up_donors(db: duckdb.DuckDBPyConnection) -> None:
    """Add to `donors`, for every receiver, the last stored success that finished when it started or before.

    The index knows the days on which successes finished, and may name some that none finished on any more. So each receiver asks
    for the last day that is not after its start; when nothing of that day will do, for the one before, until something does or
    no day is left.
    """
    receivers = columns(db, sql("receivers"))
    resources = distinct(receivers["resource_key"])
    found, pairs = SUCCESSES.find(db, resources)
    index = _ranked(resources, found, pairs)
    ranks = np.searchsorted(resources, receivers["resource_key"]).astype(np.uint64)
    started_at, operations = receivers["started_at"], receivers["operation_key"]
    limits = day_numbers(started_at)
    looked_up = np.empty(0, np.int64)
    while len(ranks):
        last = np.searchsorted(index, ranks << _RANK | limits.astype(np.uint64) << _DAY | _START, side="right") - 1
        is_there = (last >= 0) & (index[last] >> _RANK == ranks) if len(index) else np.zeros(len(ranks), bool)
        ranks, started_at, operations, last = (each[is_there] for each in (ranks, started_at, operations, last))
        if len(ranks) == 0:
            break
        days = index[last] >> _DAY  # with the resource in the upper half
        several = distinct(days)  # many receivers may ask for one day of one resource
        first, end = (np.searchsorted(index, each << _DAY) for each in (several, several + np.uint64(1)))
        start_days = (index[ranges(first, end)] & _START).astype(np.uint32)
        asked = resources[distinct(ranks).astype(np.int64)]
        with arrays(db, asked_resources={"resource_key": asked}):
            stored = columns(db, sql("stored_donors"), {"days": dates(start_days)})
        rows = np.setdiff1d(stored["row_id"], looked_up)
        looked_up = np.union1d(looked_up, rows)
        with arrays(db, found_donors={"row_id": rows}):
            db.execute(sql("insert_donors"), {"days": dates(start_days)})
        stored_ranks = np.searchsorted(resources, stored["resource_key"]).astype(np.uint64)
        donors = _last_before(stored_ranks, stored["finished_at"], ranks, started_at)
        finished = (days & _START).astype(np.uint32)
        is_served = (donors >= 0) & (stored["operation_key"][donors] != operations) if len(stored_ranks) else donors >= 0
        is_served &= day_numbers(stored["finished_at"][donors]) >= finished if len(stored_ranks) else True
        ranks, started_at, operations = (each[~is_served] for each in (ranks, started_at, operations))
        limits = finished[~is_served] - np.uint32(1)


# A pair of the index in one number: the rank of its resource, the day on which the success finished, the day on which it started.
_RANK, _DAY, _START = np.uint64(32), np.uint64(16), np.uint64(0xFFFF)


def _ranked(resources: Keys, found: Keys, pairs: Values) -> Keys:
    return np.sort(np.searchsorted(resources, found).astype(np.uint64) << _RANK | pairs.astype(np.uint64))


def _last_before(
    stored_ranks: Keys, finished_at: npt.NDArray[Any], ranks: Keys, started_at: npt.NDArray[Any]
) -> npt.NDArray[np.int64]:
    """For each receiver, which stored success on its resource finished last before it started or just then; -1 for none."""
    is_receiver = np.repeat([False, True], [len(stored_ranks), len(ranks)])
    order = np.lexsort((is_receiver, np.concatenate((finished_at, started_at)), np.concatenate((stored_ranks, ranks))))
    latest = np.maximum.accumulate(np.where(is_receiver[order], -1, np.arange(len(order))))
    found = np.empty(len(order), np.int64)
    found[order] = np.where(latest >= 0, order[latest], -1)
    donors = found[len(stored_ranks) :]
    is_own = (donors >= 0) & (stored_ranks[donors] == ranks) if len(stored_ranks) else np.zeros(len(ranks), bool)
    return np.where(is_own, donors, -1)
