"""The rows of the provider sources: records per CPU second, from a delivered file to the tables, against parsing alone.

Belongs here: which files, and the target.
Does not belong here: the two sides and the records (`programs/sources.py`).
"""

import json
from collections.abc import Iterator

import homes
from measure import Command, apart, paired, program
from programs.sources import write
from sizes import Sizes
from state import drop_warehouse
from table import Line

# Records of about 600 bytes on one core.
WANTED_A_SECOND = 30_000
_FILES = (("eks_updates", "all.ndjson", "lines"), ("openshift_clusterversion", "all.json", "one document"))


def records(sizes: Sizes) -> Iterator[Line]:
    """Lines of one source and a document of another."""
    database = homes.WORK / "sources.duckdb"
    for source, name, what in _FILES:
        file = apart(write, source, sizes.records, homes.ROOT / f"sources-{sizes.records}" / source / name)
        ours, parsing = (
            Command(
                program("programs/sources.py", side, file, database),
                {"PYTHONPATH": str(homes.ROOT.parent)},
                before=lambda: drop_warehouse(database),
                has_own_clock=True,
            )
            for side in ("ours", "orjson")
        )
        pairs = paired(ours, parsing, pairs=sizes.pairs)
        drop_warehouse(database)
        found = json.loads(pairs.ours[-1].said)
        a_second = found["records"] / pairs.value("ours", "cpu_seconds").median
        note = (
            f"{a_second:,.0f} records of {file.stat().st_size / found['records']:.0f} bytes per CPU second on one core, "
            f"{found['refused']} refused; wanted: {WANTED_A_SECOND:,}, {'met' if a_second >= WANTED_A_SECOND else 'missed'}"
        )
        yield Line(f"{sizes.records:,} records of {source}, {what}", "a loop of orjson.loads", pairs, notes=(note,))
