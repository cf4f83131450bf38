"""A transaction on an open connection.

Belongs here: beginning, committing and rolling back.
Does not belong here: opening connections (`assets/warehouse.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the body did, or roll it back when anything is raised."""
    db.execute("BEGIN")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
