"""Publishing: a validated report becomes visible at once and as a whole, and what it replaces is kept.

Belongs here: the files of a published day, revisions, the record of a refusal.
Does not belong here: whether a day may be published (`verdicts.py`), what the files say (`page.py`, `summary.py`), the snapshot
(`snapshot.py`).
"""

import contextlib
import hashlib
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl

from assets.files import swap_link, sync, write_atomically
from assets.reports import deliveries
from assets.reports.basis import Basis, inputs_sha256
from assets.reports.page import render
from assets.reports.report_data import ReportData
from assets.reports.restated import COUNTS, Moved, Restated, changed_inputs, fleet_moves, slice_moves
from assets.reports.summary import summary_text
from assets.reports.verdicts import Decision, Verdict

BUILDS = ".builds"
REVISIONS = "revisions"
REPORT = "report.html"
STATUS = "slo_status.parquet"
ALERTS = "slo_alerts.parquet"
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

    `data`: its revision, and what that restates, are set here. When the day is published already with the same content, nothing
    changes. Call it inside a transaction of the warehouse: builds that no day shows are removed, and they must not be another
    process's.
    """
    assert decision.may_publish, decision.reasons
    folder = published / data.report_date.isoformat()
    current = manifest_of(folder)
    about = _about(data, basis, decision.verdicts, ledger) | {"deliveries": deliveries.keep(published, data.deliveries)}
    number = current.get("revision", 1)
    # Drawing the page takes seconds, and the page shows its revision: what is known to be another one is drawn as that at once.
    is_other = bool(current) and any(current.get(name) != value for name, value in about.items())
    if not is_other:
        build = _build(published, _revised(published, data, about, replaced=folder / REVISIONS / str(number - 1)), about)
        is_other = bool(current) and current["artefacts"] != build.artefacts
    if is_other:
        build = _build(published, _revised(published, data, about, replaced=folder), about)
        _keep(folder, build.folder / REVISIONS)
    is_new = is_other or not current
    if is_new:
        swap_link(folder, Path(BUILDS) / build.folder.name)
    _sweep(published)
    _point_latest(published)
    return Published(folder / REPORT, build.data.revision, is_new, build.data)


def refuse(refused: Path, *, day: date, decision: Decision) -> Path:
    """Write why the gate refused to publish `day`; returns the path of the file."""
    target = refused / day.isoformat() / "reasons.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "report_date": day,
        "reasons": decision.reasons,
        "verdicts": [asdict(each) for each in decision.verdicts],
    }
    write_atomically(target, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
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


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a published day's folder; empty when there is none."""
    path = folder / "manifest.json"
    return orjson.loads(path.read_bytes()) if path.is_file() else {}


def stale_days(db: duckdb.DuckDBPyConnection, published: Path) -> list[date]:
    """Published days whose manifest names other inputs than the ledger holds for them now."""
    return [
        day
        for day in published_days(published)
        if manifest_of(published / day.isoformat())["inputs_sha256"] != inputs_sha256(db, day)
    ]


@dataclass(frozen=True)
class _Build:
    """One revision in a folder that nobody reads yet; `artefacts` are hex SHA-256 by file name."""

    folder: Path
    data: ReportData
    artefacts: dict[str, str]


def _about(data: ReportData, basis: Basis, verdicts: tuple[Verdict, ...], ledger: dict[str, int]) -> dict[str, Any]:
    """What a manifest says of the report beside its files and its history: when it is other, so is the revision."""
    return {
        "as_of": f"{data.as_of.isoformat()}Z",
        "maturity": data.maturity,
        "verdicts": _suite_verdicts(verdicts),
        "ledger": ledger,
        "inputs_sha256": basis.inputs_sha256,
        "objectives_sha256": basis.objectives_sha256,
        "inventory_sha256": basis.inventory_sha256,
        "reference_sha256": basis.reference_sha256,
        "code_version": basis.code_version,
    }


def _revised(published: Path, data: ReportData, about: dict[str, Any], *, replaced: Path) -> ReportData:
    """The report as the revision after the one in the folder `replaced`, with how it differs; as the first without such a one."""
    before = manifest_of(replaced)
    if not before:
        return replace(data, revision=1)
    status = pl.read_parquet(replaced / STATUS)
    restated = Restated(
        revision=before["revision"],
        fleet=fleet_moves(status, data.status),
        slices=slice_moves(status, data.status, data.objectives),
        deliveries=deliveries.changes(published, before.get("deliveries"), about["deliveries"]),
        inputs=changed_inputs(before, about),
    )
    return replace(data, revision=restated.revision + 1, restated=restated)


def _build(published: Path, data: ReportData, about: dict[str, Any]) -> _Build:
    """Write the files of one revision into a folder that nobody reads yet."""
    folder = published / BUILDS / f"{data.report_date}.{data.revision}"
    if (published / data.report_date.isoformat()).resolve() == folder.resolve():
        folder = folder.with_name(f"{folder.name}.again")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / REPORT).write_text(render(data), encoding="utf-8")
    (folder / "summary.txt").write_text(summary_text(data), encoding="utf-8")
    data.status.write_parquet(folder / STATUS, compression="zstd")
    data.alerts.write_parquet(folder / ALERTS, compression="zstd")
    (folder / "slo_status.csv").write_bytes(_csv(data.status))
    artefacts = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    manifest = {
        "report_date": data.report_date.isoformat(),
        "revision": data.revision,
        **about,
        "artefacts": artefacts,
        "replaces": data.restated.revision if data.restated else None,
        "moved": [_counts(each) for each in data.restated.fleet if each.has_other_counts] if data.restated else [],
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    for file in folder.iterdir():
        if file.is_file():
            sync(file)
    return _Build(folder, data, artefacts)


def _keep(replaced: Path, revisions: Path) -> None:
    """Everything that the replaced revision published, and the revisions that it kept itself."""
    number = manifest_of(replaced)["revision"]
    if (replaced / REVISIONS).is_dir():
        shutil.copytree(replaced / REVISIONS, revisions)
    shutil.copytree(replaced, revisions / str(number), ignore=shutil.ignore_patterns(REVISIONS))


def _counts(moved: Moved) -> dict[str, Any]:
    """The fleet's counts of one SLO and window, before and after."""
    before, after = (side.counts if side else {} for side in (moved.before, moved.after))
    counts = {name: {"before": before.get(name), "after": after.get(name)} for name in COUNTS}
    return {"slo": moved.slo, "window": moved.window, **counts}


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


def _sweep(published: Path) -> None:
    """Remove builds that no day shows: replaced, the same as what is there, or left by a process that was killed."""
    for link in published.glob(".*.new"):
        if link.is_symlink():
            link.unlink()
    deliveries.sweep(published)
    shown = {entry.resolve() for entry in published.iterdir() if entry.is_symlink()}
    for build in (published / BUILDS).iterdir():
        if build.resolve() not in shown:
            shutil.rmtree(build)


def _point_latest(published: Path) -> None:
    days = published_days(published)
    if days:
        swap_link(published / "latest", Path(days[-1].isoformat()))
