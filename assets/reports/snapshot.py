"""The snapshot: one DuckDB file for notebooks and BI, whose large tables are views over a Parquet file per day.

Belongs here: which days are written anew, the Parquet files, the file with the views, and removing what no reader needs.
Does not belong here: the published days (`publish.py`), what is counted (`assets/slo/`).

A Parquet file is named after its day and its content and never changes. The snapshot names the files that belong together, so
that replacing this one file replaces everything that a reader sees. The warehouse remembers which files it wrote last and on
which days something has changed since; whenever that does not fit the snapshot that is found, every day is written again.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from assets.files import make_read_only, replace_durably, sync
from assets.reports.publish import ALERTS, STATUS, manifest_of, published_days
from assets.slo.cells import require_day
from assets.sql_files import compose, sql_beside
from assets.transactions import transaction

sql = sql_beside(__file__)

SNAPSHOT = "upgrade_slo.duckdb"
FOLDER = ".tables"
_BY_START_DAY = {"operations": "upgrades", "cells": "slo"}
_BY_REPORT_DAY = {"status": "slo", "alerts": "slo"}
_PUBLISHED = {"status": STATUS, "alerts": ALERTS}
_COPIED = {"files": "telemetry", "quarantine": "telemetry"}
_SCHEMAS = _BY_START_DAY | _BY_REPORT_DAY | _COPIED

# Per table the names of its Parquet files, by the day that each begins with, in order of days.
Names = dict[str, dict[str, str]]


def write_snapshot(db: duckdb.DuckDBPyConnection, published: Path, *, day: date) -> None:
    """Replace the snapshot that readers open; call it outside a transaction, after `day` has been published.

    The tables are those of the newest published day; when `day` is an older one, only `slo.status` and `slo.alerts` change. These
    hold what each day has published, not what the warehouse has computed since. The files of the replaced snapshot stay until the
    next one.

    Raises:
        WrongDay: when another process has moved the tables to another day meanwhile.
    """
    days = published_days(published)
    replaced = _names_in(db, published / SNAPSHOT)
    is_whole = replaced.keys() >= _BY_START_DAY.keys() and all(
        file.is_file() for file in _files(published, replaced, _BY_START_DAY)
    )
    keeps_tables = bool(days) and day < days[-1] and is_whole
    if keeps_tables:
        names = {table: replaced[table] for table in _BY_START_DAY}
    else:
        require_day(db, day)
        names = _write_days(db, published, replaced, is_whole=is_whole)
    names |= {table: _copy_published(published, days, table) for table in _BY_REPORT_DAY}
    temporary = _build(db, published, names, day=day, keeps_tables=keeps_tables)
    for table in names:
        sync(published / FOLDER / table)
    replace_durably(temporary, published / SNAPSHOT)
    if not keeps_tables:
        _remember(db, names)
    _sweep(published, keep={*_files(published, names, names), *_files(published, replaced, replaced)})


def _names_in(db: duckdb.DuckDBPyConnection, snapshot: Path) -> Names:
    """The Parquet files that the views of a snapshot name; of no table when it is missing or unreadable."""
    if not snapshot.is_file():
        return {}
    try:
        db.execute(f"ATTACH '{_quoted(snapshot)}' AS previous (READ_ONLY)")
    except duckdb.Error:
        return {}
    views = db.execute("SELECT view_name, sql FROM duckdb_views() WHERE database_name = 'previous' AND NOT internal").fetchall()
    db.execute("DETACH previous")
    return {
        table: {name[: len("YYYY-MM-DD")]: name for name in re.findall(rf"/{re.escape(FOLDER)}/{table}/([^/']+)'", statement)}
        for table, statement in views
    }


def _write_days(db: duckdb.DuckDBPyConnection, published: Path, replaced: Names, *, is_whole: bool) -> Names:
    """Write the start-days that changed since the replaced snapshot, or all; returns the files of all days."""
    written = db.execute("SELECT files_sha256 FROM reports.snapshot_state").fetchall()
    if is_whole and written == [(_files_sha256(replaced),)]:
        names, days = {table: dict(replaced[table]) for table in _BY_START_DAY}, "unpublished_days"
    else:
        names, days = {table: {} for table in _BY_START_DAY}, "all_days"
    for table in _BY_START_DAY:
        (published / FOLDER / table).mkdir(parents=True, exist_ok=True)
    for (day,) in db.execute(sql(days)).fetchall():
        for table in _BY_START_DAY:
            names[table].pop(day.isoformat(), None)
            names[table] |= _write_day(db, published / FOLDER / table, table, day)
    return {table: dict(sorted(found.items())) for table, found in names.items()}


def _write_day(db: duckdb.DuckDBPyConnection, folder: Path, table: str, day: date) -> dict[str, str]:
    """Write a day's rows; returns the file's name by its day, nothing when there are no rows."""
    temporary = folder / f".{day}.new"
    copy = compose(sql("copy_day"), rows=sql(f"snapshot_{table}"))
    [(rows,)] = db.execute(copy, {"day": day, "file": str(temporary)}).fetchall()
    if not rows:
        temporary.unlink()
        return {}
    with temporary.open("rb") as file:
        name = _name(day, hashlib.file_digest(file, "sha256").hexdigest())
    _put(temporary, folder / name)
    return {day.isoformat(): name}


def _copy_published(published: Path, days: Iterable[date], table: str) -> dict[str, str]:
    """Copy a published table where it is not there yet; returns the files of all days. Revisions come and go, a copy stays.

    A day that an earlier version published may be without the table.
    """
    folder = published / FOLDER / table
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    for day in days:
        source = published / day.isoformat()
        sha256 = manifest_of(source)["artefacts"].get(_PUBLISHED[table])
        if sha256 is None:
            continue
        name = names[day.isoformat()] = _name(day, sha256)
        if not (folder / name).is_file():
            temporary = folder / f".{day}.new"
            shutil.copyfile(source / _PUBLISHED[table], temporary)
            _put(temporary, folder / name)
    return names


def _put(temporary: Path, target: Path) -> None:
    """Give a complete file its name, for good; what has that name already has the same content."""
    if target.is_file():
        temporary.unlink()
    else:
        make_read_only(temporary)
        replace_durably(temporary, target)


def _build(db: duckdb.DuckDBPyConnection, published: Path, names: Names, *, day: date, keeps_tables: bool) -> Path:
    """Write the new snapshot beside the old one; returns its path."""
    temporary = published / f".{SNAPSHOT}.new"
    temporary.unlink(missing_ok=True)
    db.execute(f"ATTACH '{_quoted(temporary)}' AS snapshot")
    if keeps_tables:
        db.execute(f"ATTACH '{_quoted(published / SNAPSHOT)}' AS previous (READ_ONLY)")
    for schema in dict.fromkeys(_SCHEMAS.values()):
        db.execute(f"CREATE SCHEMA snapshot.{schema}")
    for table in names:
        db.execute(_view(db, table, _files(published.absolute(), names, [table])))
    for table, schema in _COPIED.items():
        if keeps_tables:
            db.execute(f"CREATE TABLE snapshot.{schema}.{table} AS FROM previous.{schema}.{table}")
        else:
            db.execute(sql(f"snapshot_{table}"), {"report_date": day})
    db.execute("CHECKPOINT snapshot")
    [(found,)] = db.execute(sql("snapshot_size")).fetchall()
    db.execute("DETACH snapshot")
    if keeps_tables:
        db.execute("DETACH previous")
    if found != len(_SCHEMAS):  # a full disk can lose tables without an error
        raise OSError(f"the new snapshot holds {found} tables only; is the disk full? The old one stays in place.")
    make_read_only(temporary)  # a reader that forgets read_only=True must not change it
    return temporary


def _view(db: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> str:
    """The statement that makes a table's view over its files, with the columns that the table has now."""
    values = {"day": None} if table in _BY_START_DAY else None
    columns = [(f'"{name}"', kind) for name, kind, *_ in db.execute(f"DESCRIBE {sql(f'snapshot_{table}')}", values).fetchall()]
    if files:
        listed = ", ".join(f"'{_quoted(file)}'" for file in files)
        # Status that an earlier version published may lack columns; all files of the other tables are of one version.
        source = f"FROM read_parquet([{listed}], union_by_name = {table in _BY_REPORT_DAY})"
        selected = ", ".join(name for name, _ in columns)
    else:
        source = "WHERE false"
        selected = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns)
    return f"CREATE VIEW snapshot.{_SCHEMAS[table]}.{table} AS SELECT {selected} {source}"


def _remember(db: duckdb.DuckDBPyConnection, names: Names) -> None:
    """From now on, changed days are counted from the snapshot that names these files."""
    with transaction(db):
        db.execute("DELETE FROM slo.unpublished_days")
        db.execute("DELETE FROM reports.snapshot_state")
        db.execute("INSERT INTO reports.snapshot_state VALUES (?)", [_files_sha256(names)])


def _files_sha256(names: Names) -> str:
    """Hex SHA-256 of the files of operations and cells, and of how they are written."""
    digest = hashlib.sha256(sql("copy_day").encode())
    for table in _BY_START_DAY:
        digest.update("\0".join([sql(f"snapshot_{table}"), *names[table].values(), ""]).encode())
    return digest.hexdigest()


def _sweep(published: Path, *, keep: set[Path]) -> None:
    """Remove Parquet files that neither this snapshot nor the replaced one names, and what a killed run left."""
    for file in (published / FOLDER).glob("*/*"):
        if file not in keep:
            file.unlink()


def _files(published: Path, names: Names, tables: Iterable[str]) -> list[Path]:
    folders = {table: published / FOLDER / table for table in tables}
    return [folders[table] / name for table in tables for name in names[table].values()]


def _name(day: date, sha256: str) -> str:
    return f"{day}.{sha256[:16]}.parquet"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
