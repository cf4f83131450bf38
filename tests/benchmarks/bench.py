"""The benchmark: each row is ours against a named baseline, in turn, in one run; a table for people and JSON for machines.

Belongs here: which rows there are, the sizes they are measured at, and printing them.
Does not belong here: measuring (`measure.py`), data (`homes.py`, `history.py`), the rows themselves (`rows/`, one module a kind).

Usage: bench.py [--quick] [--pairs N] [--markdown] [ROW ...]
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import homes
from rich.console import Console
from rows import daily, intake, memory, rivals, slices, sources
from sizes import FULL, QUICK, Sizes
from table import Line, for_people, markdown

ROWS: dict[str, Callable[[Sizes], Iterable[Line]]] = {
    "intake": intake.plain,
    "intake-gzip": intake.compressed,
    "intake-days": intake.several_days,
    "intake-many": intake.many,
    "sources": sources.records,
    "rivals": rivals.all_of_a_home,
    "rivals-many": rivals.fastest_of_a_large_home,
    "next-day": rivals.next_day,
    "whole-run": daily.whole_run,
    "history": daily.history,
    "history-steps": daily.steps_and_publishing,
    "naive": daily.naive,
    "counts": slices.counts,
    "quantiles": slices.quantiles,
    "backfill": daily.backfill,
    "memory": memory.long_day,
}


RESULTS = homes.ROOT / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, fewer pairs")
    parser.add_argument("--pairs", type=int, help="pairs a row; the longest rows take fewer")
    parser.add_argument("--markdown", action="store_true", help="print Markdown instead of the table")
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help=f"rows to measure (default: all of {', '.join(ROWS)})")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    if chosen.pairs:
        sizes = sizes.with_pairs(chosen.pairs)
    homes.WORK.mkdir(parents=True, exist_ok=True)
    console, progress = Console(width=None if Console().is_terminal else 250), Console(stderr=True)
    lines: list[Line] = []
    for name in chosen.rows or ROWS:
        started = time.monotonic()
        with progress.status(name):
            try:
                measured = list(ROWS[name](sizes))
            except Exception as problem:  # one row that cannot be measured does not hold the others back
                measured = [Line(name, "", None, notes=(str(problem),))]
        lines += measured
        progress.print(f"{name}: {time.monotonic() - started:.0f} s")
        _write(sizes, lines)  # after every row, since an hour is long
    if chosen.markdown:
        print(markdown(lines))
    else:
        console.print(for_people(lines, title=_machine()))
        for line in lines:
            for note in line.notes:
                console.print(f"{line.what}, {line.against}: {note}", markup=False, highlight=False)
    progress.print(f"written to {RESULTS}")


def _write(sizes: Sizes, lines: list[Line]) -> None:
    content = {"machine": _machine(), "sizes": vars(sizes), "rows": [line.as_json() for line in lines]}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {(models or [platform.processor() or 'unknown'])[0]}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
