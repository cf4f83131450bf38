"""The benchmark: each row is ours against a named baseline, in turn, in one run; a table for people and JSON for machines.

Belongs here: which rows there are, their targets, and printing them.
Does not belong here: measuring (`measure.py`), data (`homes.py`), the commands of the rows (one module each).

Usage: bench.py [--quick] [--pairs N] [ROW ...]
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import homes
from measure import Pairs, paired, python
from rich.console import Console
from rich.table import Table

WORK = homes.ROOT / "work"


@dataclass(frozen=True)
class Row:
    """One line of the table; `limits` are the largest ratios that meet the target, by figure."""

    name: str
    against: str
    limits: dict[str, float]
    measure: Callable[[int, int], Pairs]


def intake(lines: int, pairs: int) -> Pairs:
    return _intake(homes.one_day(lines), pairs)


def intake_gzip(lines: int, pairs: int) -> Pairs:
    return _intake(homes.one_day_gzip(lines), pairs)


def intake_of_small_files(lines: int, pairs: int) -> Pairs:
    return _intake(homes.several_days(lines, days=10), pairs)


def _intake(home: Path, pairs: int) -> Pairs:
    return paired(
        python("intake", "ours", home, WORK / "ours.duckdb"), python("intake", "lossy", home, WORK / "lossy.duckdb"), pairs=pairs
    )


LOSSY = "DuckDB's lossy typed read_ndjson into a table"
ROWS = {
    "intake": Row("intake of canonical lines, lossless", LOSSY, {"cpu_seconds": 1.5, "wall_seconds": 1.5}, intake),
    "intake-gzip": Row("the same, gzip", f"{LOSSY}, gzip", {"cpu_seconds": 1.6, "wall_seconds": 1.6}, intake_gzip),
    "intake-days": Row("the same, 10 days of 3 files", LOSSY, {"cpu_seconds": 2.0, "wall_seconds": 2.0}, intake_of_small_files),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, three pairs")
    parser.add_argument("--pairs", type=int, help="pairs a row (default 5; 3 when quick)")
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="rows to measure (default: all)")
    chosen = parser.parse_args()
    lines, pairs = (100_000 if chosen.quick else 1_000_000), chosen.pairs or (3 if chosen.quick else 5)
    console = Console()
    table = Table("what", "against", "ratio of CPU", "ratio of wall", "CPU s", "peak MB", "target", title=_machine())
    results = []
    for name in chosen.rows or ROWS:
        row = ROWS[name]
        with console.status(f"{row.name} ({lines:,} lines, {pairs} pairs)"):
            measured = row.measure(lines, pairs)
        results.append({"row": name, "lines": lines, **_as_json(row, measured)})
        table.add_row(*_cells(row, measured))
    console.print(table)
    target = homes.ROOT / "results.json"
    target.write_text(json.dumps({"machine": _machine(), "rows": results}, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {target}")


def _cells(row: Row, measured: Pairs) -> list[str]:
    ratios = {figure: measured.ratio(figure) for figure in ("cpu_seconds", "wall_seconds")}
    cpu, peak = measured.value("ours", "cpu_seconds"), measured.value("ours", "peak_bytes")
    missed = [figure for figure, limit in row.limits.items() if ratios[figure].median > limit]
    target = ", ".join(f"{figure.split('_')[0]} ≤ {limit}" for figure, limit in row.limits.items())
    return [
        row.name,
        row.against,
        *(f"{each.median:.2f} ({each.low:.2f} to {each.high:.2f})" for each in ratios.values()),
        f"{cpu.median:.2f}",
        f"{peak.median / 1e6:,.0f}",
        f"{target}: {'missed' if missed else 'met'}",
    ]


def _as_json(row: Row, measured: Pairs) -> dict[str, object]:
    figures = ("cpu_seconds", "wall_seconds", "peak_bytes")
    return {
        "name": row.name,
        "against": row.against,
        "limits": row.limits,
        "ratios": {figure: asdict(measured.ratio(figure)) for figure in figures},
        "ours": {figure: asdict(measured.value("ours", figure)) for figure in figures},
        "baseline": {figure: asdict(measured.value("baseline", figure)) for figure in figures},
    }


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")),
        platform.processor() or "unknown",
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
