"""What a person sees of an asset in the Dagster UI: column schemas and small tables.

Belongs here: turning warehouse schemas and small frames into Dagster metadata.
Does not belong here: which figures an asset reports (its `assets.py`).
"""

from datetime import date, datetime

import dagster as dg
import duckdb
import polars as pl


def columns_of(db: duckdb.DuckDBPyConnection, schema: str, name: str) -> dg.TableSchema:
    """The columns of a warehouse table, as the UI shows them."""
    rows = db.execute(
        "SELECT column_name, data_type, NOT is_nullable FROM duckdb_columns() "
        "WHERE schema_name = ? AND table_name = ? AND database_name = current_database() ORDER BY column_index",
        [schema, name],
    ).fetchall()
    return dg.TableSchema(
        [
            dg.TableColumn(column, kind, constraints=dg.TableColumnConstraints(nullable=not required))
            for column, kind, required in rows
        ]
    )


def table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A small frame as a table in the UI; moments and missing values as text."""
    records = [dg.TableRecord({name: _plain(value) for name, value in row.items()}) for row in frame.iter_rows(named=True)]
    kinds = {name: _kind(kind) for name, kind in frame.schema.items()}
    return dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(name, kind) for name, kind in kinds.items()]))


def _plain(value: object) -> str | int | float | bool:
    if value is None:
        return "–"
    if isinstance(value, date | datetime):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    assert isinstance(value, str | int | float | bool)
    return value


def _kind(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "int"
    return "float" if kind.is_float() else "string"
