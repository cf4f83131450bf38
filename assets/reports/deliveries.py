"""Which deliveries a published report rests on, and how those of two reports differ.

Belongs here: the lists of files that are kept beside the published days, and comparing two sets of them.
Does not belong here: the ledger itself (`assets/telemetry/ledger.py`), which figures moved (`restated.py`), the hash of all
inputs (`basis.py`).

A list holds the files that were delivered in one month, and is named after the month and its content. So reports share the
lists of all months but their last, and publishing writes one list, however long the history is.
"""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from assets.files import write_atomically
from assets.telemetry.ledger import REDELIVERED

FOLDER = ".deliveries"
SCHEMA = {"path": pl.String, "delivery_day": pl.Date, "sha256": pl.String, "status": pl.String, "events": pl.Int64}
_HASHED = ("path", "sha256", "status", "events")


def keep(published: Path, files: pl.DataFrame) -> list[str]:
    """Keep the lists of the files that a report sees; returns their names, in order of months.

    `files`: one row per file with the columns of `SCHEMA`, in order of delivery.
    """
    folder = published / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for (month,), part in files.group_by(pl.col("delivery_day").dt.strftime("%Y-%m"), maintain_order=True):
        names.append(f"{month}.{_sha256(part)[:16]}.parquet")
        if not (folder / names[-1]).is_file():
            content = io.BytesIO()
            part.write_parquet(content, compression="zstd")
            write_atomically(folder / names[-1], content.getvalue())
    return names


def changes(published: Path, before: list[str] | None, after: list[str]) -> pl.DataFrame | None:
    """One row per file that only one of two reports sees, or that both see otherwise, in order of delivery.

    Columns: `path`, `delivery_day`, `change` ("new", "delivered again", "changed", "gone", "now a re-delivery", "no re-delivery
    any more"), `events_before` and `events` (null where there is no such file). None when a list was not kept.
    """
    if before is None or not all((published / FOLDER / name).is_file() for name in {*before} ^ {*after}):
        return None
    ours, theirs = _files(published, {*after} - {*before}), _files(published, {*before} - {*after})
    both = ours.join(theirs, on="path", how="full", suffix="_before", coalesce=True)
    change = (
        pl.when(pl.col("status_before").is_null() & (pl.col("status") == REDELIVERED))
        .then(pl.lit("delivered again"))
        .when(pl.col("status_before").is_null())
        .then(pl.lit("new"))
        .when(pl.col("status").is_null())
        .then(pl.lit("gone"))
        .when(pl.col("sha256").ne_missing(pl.col("sha256_before")))
        .then(pl.lit("changed"))
        .when(pl.col("status") == pl.col("status_before"))
        .then(None)
        .when(pl.col("status") == REDELIVERED)
        .then(pl.lit("now a re-delivery"))
        .otherwise(pl.lit("no re-delivery any more"))
    )
    day = pl.coalesce("delivery_day", "delivery_day_before").alias("delivery_day")
    found = both.select("path", day, change.alias("change"), "events_before", "events")
    return found.filter(pl.col("change").is_not_null()).sort("delivery_day", "path")


def sweep(published: Path) -> None:
    """Remove what a process that was killed left half written."""
    for file in (published / FOLDER).glob(".*.new"):
        file.unlink()


def _files(published: Path, names: Iterable[str]) -> pl.DataFrame:
    parts = [pl.read_parquet(published / FOLDER / name) for name in sorted(names)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _sha256(files: pl.DataFrame) -> str:
    """Hex SHA-256 of what the files are called, hold, count as and gave; no name holds a NUL."""
    rows = files.select(pl.concat_str(_HASHED, separator="\0")).to_series()
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
