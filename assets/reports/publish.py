"""Publishing: a validated report becomes visible at once and as a whole, and what it replaces is kept.

Belongs here: the files of a published day, revisions, the snapshot for readers, the record of a refusal.
Does not belong here: whether a day may be published (`verdicts.py`), what the files say (`page.py`, `summary.py`).
"""

import contextlib
import hashlib
import os
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl

from assets.reports.basis import Basis, inputs_sha256
from assets.reports.page import render
from assets.reports.report_data import ReportData
from assets.reports.summary import summary_text
from assets.reports.verdicts import Decision, Verdict
from assets.slo.cells import require_day
from assets.sql_files import sql_beside

sql = sql_beside(__file__)

BUILDS = ".builds"
SNAPSHOT = "upgrade_slo.duckdb"
REPORT = "report.html"
STATUS = "slo_status.parquet"
# What the manifest says that two builds of the same report do not share.
_VOLATILE = ("generated_at",)
_SNAPSHOT_TABLES = {
    "upgrades": ("operations",),
    "slo": ("cells", "status"),
    "telemetry": ("files", "quarantine"),
}
# A spreadsheet takes a cell that begins with one of these for a formula or a command.
_FORMULA_STARTS = "=+-@\t\r\0"


@dataclass(frozen=True)
class Published:
    """Where the report of a day stands, and which revision of it that is."""

    report: Path
    revision: int
    is_new: bool
    data: ReportData


def publish(
    published: Path,
    *,
    data: ReportData,
    basis: Basis,
    decision: Decision,
    ledger: dict[str, int],
) -> Published:
    """Make a report visible under `published/<day>/`, keeping what it replaces under `revisions/`.

    `data`: its revision is set here. When the day is published already with the same content, nothing changes. Call it inside a
    transaction of the warehouse: builds that no day shows are removed, and they must not be another process's.
    """
    assert decision.may_publish, decision.reasons
    folder = published / data.report_date.isoformat()
    current = _manifest(folder)
    data = replace(data, revision=current["revision"] if current else 1)
    build = _build(published, data, basis, decision.verdicts, ledger, replaced=None)
    if current and not _same(current, build.manifest):
        data = replace(data, revision=data.revision + 1)
        build = _build(published, data, basis, decision.verdicts, ledger, replaced=folder)
    is_new = not current or data.revision != current["revision"]
    if is_new:
        _swap_link(folder, Path(BUILDS) / build.folder.name)
    _sweep(published)
    _point_latest(published)
    return Published(folder / REPORT, data.revision, is_new, data)


def refuse(refused: Path, *, day: date, decision: Decision) -> Path:
    """Write why the gate refused to publish `day`; returns the path of the file."""
    target = refused / day.isoformat() / "reasons.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "report_date": day,
        "reasons": decision.reasons,
        "verdicts": [asdict(each) for each in decision.verdicts],
    }
    _write_atomically(target, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return target


def withdraw_refusal(refused: Path, *, day: date) -> None:
    """Remove the record of an earlier refusal of a day that is published now."""
    shutil.rmtree(refused / day.isoformat(), ignore_errors=True)


def published_days(published: Path) -> list[date]:
    """The report days that are visible, in order."""
    if not published.is_dir():
        return []
    days = []
    for entry in published.iterdir():
        with contextlib.suppress(ValueError):
            if (entry / "manifest.json").is_file():
                days.append(date.fromisoformat(entry.name))
    return sorted(days)


def stale_days(db: duckdb.DuckDBPyConnection, published: Path) -> list[date]:
    """Published days whose manifest names other inputs than the ledger holds for them now."""
    return [
        day
        for day in published_days(published)
        if _manifest(published / day.isoformat())["inputs_sha256"] != inputs_sha256(db, day)
    ]


def write_snapshot(db: duckdb.DuckDBPyConnection, published: Path, *, day: date) -> None:
    """Replace the snapshot that readers open; call it outside a transaction, after `day` has been published.

    The tables are those of the newest published day; when `day` is an older one, only `slo.status` changes. That table holds what
    each day has published, not what the warehouse has computed since.

    Raises:
        WrongDay: when another process has moved the tables to another day meanwhile.
    """
    target = published / SNAPSHOT
    temporary = published / f".{SNAPSHOT}.new"
    temporary.unlink(missing_ok=True)
    days = published_days(published)
    keeps_tables = bool(days) and day < days[-1] and target.exists()
    if not keeps_tables:
        require_day(db, day)
    db.execute(f"ATTACH '{_quoted(temporary)}' AS snapshot")
    if keeps_tables:
        db.execute(f"ATTACH '{_quoted(target)}' AS previous (READ_ONLY)")
    for schema, tables in _SNAPSHOT_TABLES.items():
        db.execute(f"CREATE SCHEMA snapshot.{schema}")
        for table in tables:
            from_previous = keeps_tables and table != "status"
            if from_previous:
                db.execute(f"CREATE TABLE snapshot.{schema}.{table} AS FROM previous.{schema}.{table}")
            elif table == "status":
                _collect_status(db, [published / each.isoformat() / STATUS for each in days])
            else:
                db.execute(sql(f"snapshot_{table}"), {"report_date": day} if schema == "telemetry" else None)
    db.execute("CHECKPOINT snapshot")
    [(tables,)] = db.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'snapshot'").fetchall()
    db.execute("DETACH snapshot")
    if keeps_tables:
        db.execute("DETACH previous")
    if tables != sum(map(len, _SNAPSHOT_TABLES.values())):  # a full disk can lose tables without an error
        raise OSError(f"the new snapshot holds {tables} tables only; is the disk full? The old one stays in place.")
    temporary.chmod(temporary.stat().st_mode & 0o444)  # a reader that forgets read_only=True must not change it
    _replace_durably(temporary, target)


def _collect_status(db: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Fill the snapshot's status from the published files, in their order."""
    db.execute(sql("snapshot_status"))
    for file in files:
        db.register("published_status", pl.read_parquet(file, glob=False).to_arrow())
        db.execute("INSERT INTO snapshot.slo.status BY NAME SELECT * FROM published_status")
        db.unregister("published_status")


@dataclass(frozen=True)
class _Build:
    folder: Path
    manifest: dict[str, Any]


def _build(
    published: Path,
    data: ReportData,
    basis: Basis,
    verdicts: tuple[Verdict, ...],
    ledger: dict[str, int],
    *,
    replaced: Path | None,
) -> _Build:
    """Write the files of one revision into a folder that nobody reads yet."""
    folder = published / BUILDS / f"{data.report_date}.{data.revision}"
    if (published / data.report_date.isoformat()).resolve() == folder.resolve():
        folder = folder.with_name(f"{folder.name}.again")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / REPORT).write_text(render(data), encoding="utf-8")
    (folder / "summary.txt").write_text(summary_text(data), encoding="utf-8")
    data.status.write_parquet(folder / STATUS, compression="zstd")
    (folder / "slo_status.csv").write_bytes(_csv(data.status))
    artefacts = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    manifest = {
        "report_date": data.report_date.isoformat(),
        "revision": data.revision,
        "as_of": f"{data.as_of.isoformat()}Z",
        "maturity": data.maturity,
        "verdicts": _suite_verdicts(verdicts),
        "ledger": ledger,
        "inputs_sha256": basis.inputs_sha256,
        "objectives_sha256": basis.objectives_sha256,
        "inventory_sha256": basis.inventory_sha256,
        "code_version": basis.code_version,
        "artefacts": artefacts,
        "replaces": None,
        "moved": [],
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if replaced is not None:
        manifest["replaces"] = data.revision - 1
        manifest["moved"] = _moved(pl.read_parquet(replaced / STATUS), data.status)
        _keep(replaced, folder / "revisions")
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    for file in folder.iterdir():
        if file.is_file():
            _sync(file)
    return _Build(folder, manifest)


def _keep(replaced: Path, revisions: Path) -> None:
    """Everything that the replaced revision published, and the revisions that it kept itself."""
    number = _manifest(replaced)["revision"]
    if (replaced / "revisions").is_dir():
        shutil.copytree(replaced / "revisions", revisions)
    shutil.copytree(replaced, revisions / str(number), ignore=shutil.ignore_patterns("revisions"))


def _moved(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    """The fleet's counts that are other than in the replaced revision: one entry per SLO and window."""
    counts = ["good", "bad", "pending", "excluded"]
    keys = ["slo", "window"]
    fleet = [frame.filter(pl.col("slice_by") == "").select(*keys, *counts) for frame in (before, after)]
    joined = fleet[0].join(fleet[1], on=keys, how="full", suffix="_after", coalesce=True).sort(keys)
    changed = joined.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in counts))
    return [
        {
            "slo": row["slo"],
            "window": row["window"],
            **{name: {"before": row[name], "after": row[f"{name}_after"]} for name in counts},
        }
        for row in changed.iter_rows(named=True)
    ]


def _suite_verdicts(verdicts: tuple[Verdict, ...]) -> list[dict[str, Any]]:
    suites = dict.fromkeys(each.suite for each in verdicts)
    return [
        {
            "suite": suite,
            "passed": all(each.passed for each in verdicts if each.suite == suite and each.severity == "error"),
            "checks": sum(each.suite == suite for each in verdicts),
            "warnings": [each.check for each in verdicts if each.suite == suite and not each.passed],
        }
        for suite in suites
    ]


def _csv(status: pl.DataFrame) -> bytes:
    text = pl.selectors.string()
    guarded = pl.when(text.str.slice(0, 1).is_in(list(_FORMULA_STARTS))).then(pl.lit("'") + text).otherwise(text)
    return status.with_columns(guarded.name.keep()).write_csv().encode("utf-8")


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    return orjson.loads(path.read_bytes()) if path.is_file() else {}


def _same(current: dict[str, Any], built: dict[str, Any]) -> bool:
    """Whether two manifests describe the same report; what a revision replaced is its own history."""
    ignored = {*_VOLATILE, "replaces", "moved"}
    return {k: v for k, v in current.items() if k not in ignored} == {k: v for k, v in built.items() if k not in ignored}


def _sweep(published: Path) -> None:
    """Remove builds that no day shows: replaced, the same as what is there, or left by a process that was killed."""
    for link in published.glob(".*.new"):
        if link.is_symlink():
            link.unlink()
    shown = {entry.resolve() for entry in published.iterdir() if entry.is_symlink()}
    for build in (published / BUILDS).iterdir():
        if build.resolve() not in shown:
            shutil.rmtree(build)


def _point_latest(published: Path) -> None:
    days = published_days(published)
    if days:
        _swap_link(published / "latest", Path(days[-1].isoformat()))


def _swap_link(link: Path, target: Path) -> None:
    """Let the link lead to `target` from one moment to the next; a folder that is not empty could not be replaced so."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _write_atomically(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_bytes(content)
    _replace_durably(temporary, target)


def _replace_durably(temporary: Path, target: Path) -> None:
    _sync(temporary)
    temporary.replace(target)


def _sync(path: Path) -> None:
    """Wait until the content is on the disk: what is shown must not turn out empty after the power fails."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
