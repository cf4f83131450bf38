"""The benchmark: each row is ours against a named baseline, in turn, in one run; a table for people and JSON for machines.

Belongs here: which rows there are, the sizes they are measured at, and printing them.
Does not belong here: measuring (`measure.py`), data (`homes.py`, `history.py`), the rows themselves (`rows/`, one module a kind).

Usage: bench.py [--quick] [--pairs N] [--events-a-day N] [--markdown] [ROW ...]
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
# A check has no baseline beside it, so it can be made while other things are.
CHECK = "memory"
RESULTS = homes.ROOT / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, fewer pairs")
    parser.add_argument("--pairs", type=int, help="pairs a row; the longest rows take fewer")
    parser.add_argument(
        "--events-a-day", type=int, help="of the homes with a history; a year of 274,000 takes half an hour to make"
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown instead of the table")
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help=f"rows to measure (default: all of {', '.join(ROWS)})")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    if chosen.events_a_day:
        sizes = sizes.with_history(chosen.events_a_day)
    if chosen.pairs:
        sizes = sizes.with_pairs(chosen.pairs)
    homes.WORK.mkdir(parents=True, exist_ok=True)
    console, progress = Console(width=None if Console().is_terminal else 250), Console(stderr=True)
    measured: dict[str, list[Line]] = {}

    def measure(name: str) -> None:
        started = time.monotonic()
        try:
            measured[name] = list(ROWS[name](sizes))
        except Exception as problem:  # one row that cannot be measured does not hold the others back
            measured[name] = [Line(name, "", None, notes=(str(problem),))]
        progress.print(f"{name}: {time.monotonic() - started:.0f} s")
        _write(sizes, _in_order(measured))  # after every row, since an hour is long

    rows = chosen.rows or list(ROWS)
    with progress.status("homes with a history") as status:
        if not chosen.rows:
            with ThreadPoolExecutor(2) as pool:
                histories = pool.submit(daily.make_homes, sizes)
                pool.submit(measure, CHECK).result()
                pool.submit(homes.make_homes, sizes).result()
                histories.result()
        for name in (each for each in rows if each not in measured):
            status.update(name)
            measure(name)
    lines = _in_order(measured)
    if chosen.markdown:
        print(markdown(lines))
    else:
        console.print(for_people(lines, title=_machine()))
        for line in lines:
            for note in line.notes:
                console.print(f"{line.what}, {line.against}: {note}", markup=False, highlight=False)
    progress.print(f"written to {RESULTS}")


def _in_order(measured: dict[str, list[Line]]) -> list[Line]:
    return [line for name in ROWS for line in measured.get(name, [])]


def _write(sizes: Sizes, lines: list[Line]) -> None:
    content = {"machine": _machine(), "sizes": vars(sizes), "rows": [line.as_json() for line in lines]}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {(models or [platform.processor() or 'unknown'])[0]}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
