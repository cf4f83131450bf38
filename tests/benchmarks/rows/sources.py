"""The rows of the provider sources: records per CPU second, from a delivered file to the tables, against parsing alone.

Belongs here: which files, and the targets of speed and memory.
Does not belong here: the two sides and the records (`programs/sources.py`).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import homes
from measure import Command, Pairs, apart, measured, paired, program
from programs.sources import MEMBERS, write
from sizes import Sizes
from state import drop_warehouse
from table import Line

# On one core; of records of about 600 bytes.
WANTED_A_SECOND = 30_000
# What a file of four times the records may take in memory.
GROWTH_LIMIT = 1.15
_LINES, _DOCUMENT = "all.ndjson", "all.json"
_FILES = {
    "aks_event_grid": _LINES,
    "azure_activity_log": _LINES,
    "azure_fleet": _LINES,
    "eks_updates": _LINES,
    "gke_notifications": _LINES,
    "gke_operations": _LINES,
    "openshift_clusterversion": _DOCUMENT,
}
# Fewer end before DuckDB has taken the memory that it may.
_FEWEST_FOR_MEMORY = 50_000
_DATABASE = homes.WORK / "sources.duckdb"


def records(sizes: Sizes) -> Iterator[Line]:
    """Every source, then the memory that lines and a document take, where files are large enough to show it."""
    for source in _FILES:
        yield _speed(source, sizes)
    if sizes.records >= _FEWEST_FOR_MEMORY:
        for source in ("eks_updates", "openshift_clusterversion"):
            yield _growth(source, sizes.records)


def _speed(source: str, sizes: Sizes) -> Line:
    members = MEMBERS if source == "azure_fleet" else 1
    file = _file(source, sizes.records // members)
    pairs = paired(_command("ours", file), _command("orjson", file), pairs=sizes.few_pairs)
    drop_warehouse(_DATABASE)
    found = json.loads(pairs.ours[-1].said)
    told, spread = found["records"] * members, pairs.value("ours", "cpu_seconds")
    a_second = told / spread.median
    note = (
        f"{a_second:,.0f} ({told / spread.high:,.0f} to {told / spread.low:,.0f}) {_what(source)} of "
        f"{file.stat().st_size / told:.0f} bytes per CPU second on one core, {found['events'] / told:.2f} events each, "
        f"{found['refused']} refused; wanted: {WANTED_A_SECOND:,}, {'met' if a_second >= WANTED_A_SECOND else 'missed'}"
    )
    kind = "one document" if file.suffix == ".json" else "lines"
    return Line(f"{told:,} {_what(source)} of {source}, {kind}", "a loop of orjson.loads", pairs, notes=(note,))


def _what(source: str) -> str:
    return "members of update runs" if source == "azure_fleet" else "records"


def _growth(source: str, size: int) -> Line:
    """The peak for a file of four times the records against the peak for the file itself."""
    large, small = (measured(_command("ours", _file(source, size, times=times))) for times in (4, 1))
    drop_warehouse(_DATABASE)
    what = f"memory for {4 * size:,} records of {source}"
    return Line(what, f"for {size:,}", Pairs((large,), (small,)), {"peak_bytes": GROWTH_LIMIT})


def _file(source: str, size: int, *, times: int = 1) -> Path:
    folder = homes.ROOT / f"records-{size * times}" / source
    file: Path = apart(write, source, folder / _FILES[source], size=size, times=times)
    return file


def _command(side: str, file: Path) -> Command:
    return Command(
        program("programs/sources.py", side, file, _DATABASE),
        {"PYTHONPATH": str(homes.ROOT.parent)},
        before=lambda: drop_warehouse(_DATABASE),
        has_own_clock=True,
    )
