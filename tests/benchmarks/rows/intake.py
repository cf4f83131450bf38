"""The rows of the intake: whole processes that take in one landing zone, losslessly or as DuckDB would by itself.

Belongs here: which homes, against what, and the targets.
Does not belong here: the two programs (`programs/intake.py`).
"""

from collections.abc import Iterator
from pathlib import Path

import homes
from measure import Command, apart, paired, program
from sizes import Sizes
from state import drop_warehouse
from table import Line

LOSSY = "DuckDB's lossy typed read_ndjson into a table"
# The warehouse's own limit (`assets/warehouse.py`), and what Python and the file's offsets may take beside it.
PEAK_LIMIT = int(4.5e9)


def plain(sizes: Sizes) -> Iterator[Line]:
    """One day in one plain file."""
    yield _against_lossy("intake", apart(homes.one_day, sizes.lines), sizes, limit=1.5)


def compressed(sizes: Sizes) -> Iterator[Line]:
    """The same, gzip."""
    yield _against_lossy("intake, gzip", apart(homes.one_day_gzip, sizes.lines), sizes, limit=1.6)


def several_days(sizes: Sizes) -> Iterator[Line]:
    """Ten days of three files and more, of all kinds."""
    yield _against_lossy("intake, 10 days of 3 files", apart(homes.several_days, sizes.lines, days=10), sizes, limit=2.0)


def many(sizes: Sizes) -> Iterator[Line]:
    """Many lines in one file against few."""
    large, small = apart(homes.one_day, sizes.many_lines), apart(homes.one_day, sizes.lines)
    pairs = paired(_intake("ours", large), _intake("ours", small), pairs=sizes.few_pairs, warm=False)
    growth = 1.1 * sizes.many_lines / sizes.lines
    limits = {"cpu_seconds": growth, "wall_seconds": growth}
    yield Line(f"intake of {sizes.many_lines:,} lines", f"of {sizes.lines:,}", pairs, limits, PEAK_LIMIT)


def _against_lossy(what: str, home: Path, sizes: Sizes, *, limit: float) -> Line:
    pairs = paired(_intake("ours", home), _intake("lossy", home), pairs=sizes.pairs)
    return Line(f"{what}, {sizes.lines:,} lines", LOSSY, pairs, {"cpu_seconds": limit, "wall_seconds": limit})


def _intake(side: str, home: Path) -> Command:
    database = homes.WORK / f"{side}.duckdb"
    return Command(program("programs/intake.py", side, home, database), before=lambda: drop_warehouse(database))
