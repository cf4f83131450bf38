"""A transaction on an open connection.

Belongs here: beginning, committing and rolling back.
Does not belong here: opening connections (`assets/warehouse.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the body did, or roll it back when anything is raised."""
    db.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(duckdb.TransactionException):  # DuckDB may have ended it itself; what was raised says why
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
