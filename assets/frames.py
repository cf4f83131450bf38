"""Small results as Polars frames.

Belongs here: the way from a DuckDB query to a Polars frame.
Does not belong here: what is asked (`sql/`), what a frame means (the module that asks).
"""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl


def query(db: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """The rows that a statement with named parameters selects, in its order."""
    return db.sql(statement, params=dict(values or {})).pl()
