"""The inventory: what a cluster or node pool is, over time, from `inventory/*.csv`.

Belongs here: strict reading of the files and loading them into `telemetry.inventory`.
Does not belong here: joining them with operations (`assets/upgrades/sql/create_enriched.sql`).
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import orjson

from assets.moments import microseconds, start_of
from assets.sql_files import sql_beside
from assets.telemetry.canonical import parse_time
from assets.telemetry.sources import arm, gke

sql = sql_beside(__file__)

COLUMNS = ("cluster_id", "node_pool", "region", "workload_type", "provider", "valid_from", "valid_to")
_ROWS_AT_ONCE = 50_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # `date.fromisoformat` takes 20261120 and 2026-W47-5 as well


class InventoryError(ValueError):
    """An inventory file that cannot be trusted, with file and line."""


def load_inventory(db: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """Replace `telemetry.inventory` by the content of the folder's CSV files; returns the hash of names and bytes.

    Nothing is read when the hash is the one loaded last. No folder is an empty inventory. Clusters whose lines are others than
    before are noted in `telemetry.changed_clusters` for the fold. Call it inside a transaction.

    Raises:
        InventoryError: for a missing or unknown column, a ragged line, no date where one is due, a period that ends early.
    """
    digest = inventory_sha256(folder)
    loaded = db.execute("SELECT sha256 FROM telemetry.inventory_version").fetchall()
    if loaded == [(digest,)]:
        return digest
    db.execute(sql("create_previous_inventory"))
    db.execute("DELETE FROM telemetry.inventory")
    rows = (row for file in _files(folder) for row in read_inventory(file))
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        db.execute(sql("insert_inventory"), {"rows": orjson.dumps(batch).decode()})
    db.execute(sql("insert_changed_clusters"))
    db.execute("DELETE FROM telemetry.inventory_version")
    db.execute("INSERT INTO telemetry.inventory_version VALUES (?)", [digest])
    return digest


def inventory_sha256(folder: Path) -> str:
    """Hex SHA-256 of the names and bytes of the folder's CSV files."""
    digest = hashlib.sha256()
    for file in _files(folder):
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    """The folder's CSV files in order of their names; names that begin with a dot are for tools and half-copied files."""
    return sorted(file for file in folder.glob("*.csv") if not file.name.startswith(".")) if folder.is_dir() else []


def read_inventory(file: Path) -> Iterator[dict[str, Any]]:
    """One dict per line with the keys of `COLUMNS`; empty cells are None, moments microseconds since the epoch."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InventoryError(f"inventory/{file.name}: {problem}; accepted: UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)  # a line end inside quotes is part of the cell
    try:
        header = next(reader, [])
        if sorted(header) != sorted(COLUMNS):
            raise InventoryError(
                f"inventory/{file.name}:1: the columns are {', '.join(header) or 'none'}; accepted: {', '.join(COLUMNS)}, "
                "each once, in any order."
            )
        for cells in reader:
            if cells:
                row = _row(f"inventory/{file.name}:{reader.line_num}", header, cells)
                yield row
                if (named := _as_providers_do(row)) != row:
                    yield named
    except csv.Error as problem:
        raise InventoryError(f"inventory/{file.name}:{reader.line_num}: {problem}; accepted: RFC 4180 CSV.") from None


def _row(place: str, header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise InventoryError(
            f"{place}: the line has {len(cells)} cells; accepted: {len(header)}, as in the first line. Mend the line."
        )
    row: dict[str, Any] = {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}
    if row["cluster_id"] is None:
        raise InventoryError(f"{place}: cluster_id is empty; accepted: the id of a cluster. Mend the line.")
    for name in ("valid_from", "valid_to"):
        row[name] = None if row[name] is None else microseconds(_moment(place, name, row[name]))
    if row["valid_from"] is not None and row["valid_to"] is not None and row["valid_to"] <= row["valid_from"]:
        raise InventoryError(
            f"{place}: valid_to is not after valid_from; accepted: a period [valid_from, valid_to). Mend the line."
        )
    return row


def _as_providers_do(row: dict[str, Any]) -> dict[str, Any]:
    """The same line under the names that events of a provider have; an event of any other sender is found by the line itself."""
    cluster, pool = row["cluster_id"], row["node_pool"]
    if (azure := arm.resource(cluster)) is not None:
        cluster, pool = azure.cluster_id, pool and pool.lower()
    elif (google := gke.resource(cluster)) is not None:
        cluster = google.cluster_id
    return row | {"cluster_id": cluster, "node_pool": pool}


def _moment(place: str, name: str, text: str) -> datetime:
    try:
        moment = start_of(date.fromisoformat(text)) if _DATE.fullmatch(text) else parse_time(text)
    except ValueError:
        moment = None
    if moment is None:
        raise InventoryError(
            f"{place}: {name} is {text!r}; accepted: 2026-11-20, or RFC 3339 with an offset such as 2026-11-20T09:00:00Z."
        )
    return moment
