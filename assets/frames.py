"""Results of queries as Polars frames or NumPy arrays.

Belongs here: the way from DuckDB to them.
Does not belong here: what is asked (`sql/`), what the result means (the module that asks).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl


def query(db: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any] | None = None) -> "pl.DataFrame":
    """The rows that a statement with named parameters selects, in its order."""
    return db.sql(statement, params=dict(values or {})).pl()


def columns(db: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same as one NumPy array per column; for whole columns of numbers, where a frame would only be unpacked again."""
    return {name: np.asarray(array) for name, array in db.execute(statement, dict(values or {})).fetchnumpy().items()}


@contextmanager
def arrays(db: duckdb.DuckDBPyConnection, **named: Mapping[str, npt.NDArray[Any]]) -> Iterator[None]:
    """Let statements read NumPy arrays as tables; a list that is passed as a parameter costs a second for a million values."""
    for name, table in named.items():
        db.register(name, dict(table))
    try:
        yield
    finally:
        for name in named:
            with suppress(duckdb.Error):  # after a statement that failed, which is what the caller has to hear of
                db.unregister(name)
