"""The row of the memory limit: one very long day is taken in, counted and published under a small limit.

Belongs here: that run and its peak.
Does not belong here: memory beside other figures, which every row has.
"""

import shutil
from collections.abc import Iterator

import homes
import state
from measure import Command, Pairs, apart, measured, upgrade_slo
from sizes import Sizes
from table import Line

LIMIT = "2GB"
# The limit is DuckDB's; Python with its libraries, and what a file's offsets take, come on top.
PEAK_LIMIT = int(2.5e9)


def long_day(sizes: Sizes) -> Iterator[Line]:
    """One whole run on an empty warehouse; a check by itself, without a baseline."""
    home = apart(homes.one_day_of_files, sizes.day_lines)
    state.drop(home)
    run = measured(Command(upgrade_slo("run"), {"UPGRADE_SLO_HOME": str(home), "UPGRADE_SLO_MEMORY_LIMIT": LIMIT}))
    shutil.rmtree(home)  # it is large, and made in a minute
    yield Line(f"a day of {sizes.day_lines:,} lines under {LIMIT}", "a check, no baseline", Pairs((run,)), {}, PEAK_LIMIT)
