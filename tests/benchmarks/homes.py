"""The data that benchmarks run on: simulated homes of a named size, made once and kept.

Belongs here: making and finding them.
Does not belong here: what runs on them (`rows.py`).
"""

import gzip
import shutil
from datetime import date
from pathlib import Path

from assets.simulation.simulate import simulate

ROOT = Path(__file__).parents[2] / ".bench"
END = date(2026, 11, 20)
# An operation of the simulated fleet takes about this many lines.
LINES_PER_OPERATION = 2.73


def one_day(lines: int) -> Path:
    """A home whose one delivery day holds about so many canonical lines in one plain file."""
    home = ROOT / f"one-day-{lines}"
    target = home / "landing" / "canonical" / END.isoformat() / "all.ndjson"
    if not target.exists():
        source = several_days(lines, days=10)
        _write(target, source)
    return home


def one_day_gzip(lines: int) -> Path:
    """The same lines in one gzip file."""
    home = ROOT / f"one-day-{lines}-gzip"
    target = home / "landing" / "canonical" / END.isoformat() / "all.ndjson.gz"
    if not target.exists():
        plain = one_day(lines) / "landing" / "canonical" / END.isoformat() / "all.ndjson"
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(".all.ndjson.gz")
        with plain.open("rb") as reader, gzip.GzipFile(temporary, "wb", compresslevel=6, mtime=0) as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
        temporary.rename(target)
    return home


def several_days(lines: int, *, days: int) -> Path:
    """A simulated home of about so many canonical lines over so many delivery days, three files a day."""
    home = ROOT / f"{days}-days-{lines}"
    if not (home / "simulation" / "incidents.json").exists():
        shutil.rmtree(home, ignore_errors=True)
        simulate(
            landing=home / "landing",
            inventory=home / "inventory" / "clusters.csv",
            incidents=home / "simulation" / "incidents.json",
            end=END,
            days=days,
            operations_per_day=max(1, round(lines / days / LINES_PER_OPERATION)),
        )
    return home


def _write(target: Path, source: Path) -> None:
    from assets.telemetry.lines import expanded

    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}")
    scratch = target.parent / ".scratch"
    scratch.mkdir(exist_ok=True)
    with temporary.open("wb") as writer:
        for file in sorted((source / "landing" / "canonical").glob("*/*")):
            with expanded(file, scratch) as content, content.open("rb") as reader:
                shutil.copyfileobj(reader, writer, 1 << 20)
                writer.write(b"\n")
    shutil.rmtree(scratch)
    temporary.rename(target)
