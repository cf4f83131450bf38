"""The rows of the daily run: whole runs of the command, on a long history and on a short one, and what they consist of.

Belongs here: the pairs, the state that each run starts from, and the targets.
Does not belong here: making histories (`history.py`), the programs (`programs/`).
"""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import homes
import state
from history import history as home_with_history
from measure import Command, Pairs, Run, apart, measured, paired, program, upgrade_slo
from rivals.agreement import compared
from sizes import Sizes
from table import Line

STATUS = "slo_status.parquet"
_STATUS_WITH_HISTORY = f"with_history_{STATUS}"


def make_homes(sizes: Sizes) -> None:
    """Make the two homes with a history, which takes longer than anything that is measured on them."""
    _homes(sizes)


def history(sizes: Sizes) -> Iterator[Line]:
    """The next day's run with a long history and with a short one."""
    yield Line(
        f"upgrade-slo run with {sizes.long_days} days of {sizes.events_a_day:,} events",
        f"with {sizes.short_days} days",
        _on_both_homes(sizes),
        {"cpu_seconds": 1.25, "peak_bytes": 1.15},
    )


def steps_and_publishing(sizes: Sizes) -> Iterator[Line]:
    """The same run in two halves: from the files to the status, then the report and the snapshot, without the gate."""
    steps: tuple[list[Run], list[Run]] = ([], [])
    publishing: tuple[list[Run], list[Run]] = ([], [])
    for _ in range(sizes.fewest_pairs):
        for side, home in enumerate(_homes(sizes)):
            arguments = (home, home / "warehouse.duckdb", homes.END)
            steps[side].append(measured(Command(program("programs/steps.py", *arguments), before=_restoring(home))))
            publishing[side].append(measured(Command(program("programs/publishing.py", home, homes.END))))
    _drop(*_homes(sizes))
    against = f"with {sizes.short_days} days"
    yield Line(
        f"intake, fold, cells and status with {sizes.long_days} days of history",
        against,
        Pairs(tuple(steps[0]), tuple(steps[1])),
        {"cpu_seconds": 1.25, "peak_bytes": 1.15},
    )
    yield Line(
        f"publish with {sizes.long_days} days of history",
        against,
        Pairs(tuple(publishing[0]), tuple(publishing[1])),
        {"cpu_seconds": 1.3, "wall_seconds": 1.3},
    )


def naive(sizes: Sizes) -> Iterator[Line]:
    """The next day's run against plain SQL that folds and counts the whole history anew."""
    long, _ = _homes(sizes)
    target = homes.WORK / "naive.parquet"
    ours = _on_both_homes(sizes).ours[-1]
    naive = measured(Command(program("rivals/naive.py", long / "kept" / "warehouse.duckdb", long, homes.END, target)))
    agreement = apart(compared, homes.WORK / _STATUS_WITH_HISTORY, target)
    yield Line(
        f"upgrade-slo run with {sizes.long_days} days of {sizes.events_a_day:,} events",
        "plain SQL that folds and counts everything anew",
        Pairs((ours,), (naive,)),
        {"cpu_seconds": 0.1, "wall_seconds": 0.1},
        notes=(f"of {agreement.rows:,} rows {agreement.other_counts} have other counts",),
    )


def whole_run(sizes: Sizes) -> Iterator[Line]:
    """The run of one day against its SQL and statistics alone, and where the rest goes."""
    home = apart(homes.one_day, sizes.lines)
    environment = {"UPGRADE_SLO_HOME": str(home)}
    whole = Command(upgrade_slo("run"), environment, before=lambda: state.drop(home))
    database = homes.WORK / "whole.duckdb"
    alone = Command(program("programs/steps.py", home, database, homes.END), before=lambda: state.drop_warehouse(database))
    pairs = paired(whole, alone, pairs=sizes.few_pairs, warm=False)
    parts = measured(Command(program("programs/breakdown.py"), environment, before=lambda: state.drop(home)))
    state.drop(home)
    seconds = json.loads(parts.said.splitlines()[-1])
    goes = ", ".join(f"{name} {spent:.1f}" for name, spent in sorted(seconds.items(), key=lambda each: -each[1]))
    yield Line(
        f"upgrade-slo run, one day of {sizes.lines:,} lines",
        "its SQL and statistics alone",
        pairs,
        {"cpu_seconds": 2.0, "wall_seconds": 2.0},
        notes=(f"seconds of CPU by part, in a run of its own: {goes}",),
    )


def backfill(sizes: Sizes) -> Iterator[Line]:
    """Several days in one process against one day, so many times."""
    days = sizes.backfill_days
    home = apart(homes.several_days, sizes.backfill_lines, days=days)
    environment = {"UPGRADE_SLO_HOME": str(home)}
    state.drop(home)
    measured(Command(program("programs/steps.py", home, home / "warehouse.duckdb", homes.END - timedelta(days=1))))
    state.keep(home)
    first = homes.END - timedelta(days=days - 1)
    together = Command(upgrade_slo("run", "--from", first, "--to", homes.END), environment, before=lambda: state.drop(home))
    one_by_one = Command(upgrade_slo("run", "--date", homes.END), environment, before=_restoring(home), times=days)
    pairs = paired(together, one_by_one, pairs=1, warm=False)
    state.forget(home)
    yield Line(
        f"a backfill of {days} days, {sizes.backfill_lines:,} lines",
        f"{days} × one day",
        pairs,
        {"cpu_seconds": 0.5, "wall_seconds": 0.5},
    )


@cache
def _on_both_homes(sizes: Sizes) -> Pairs:
    """The run with the long history and with the short one; the status of the last run with the long one is kept."""
    long, short = _homes(sizes)
    pairs = paired(_run(long), _run(short), pairs=sizes.few_pairs, warm=False)
    shutil.copyfile(long / "published" / homes.END.isoformat() / STATUS, homes.WORK / _STATUS_WITH_HISTORY)
    _drop(long, short)
    return pairs


def _homes(sizes: Sizes) -> tuple[Path, Path]:
    return (
        home_with_history(sizes.long_days, events_a_day=sizes.events_a_day),
        home_with_history(sizes.short_days, events_a_day=sizes.events_a_day),
    )


def _drop(*those: Path) -> None:
    """Give back the room that the last run's state takes."""
    for home in those:
        state.drop(home)


def _run(home: Path) -> Command:
    return Command(upgrade_slo("run", "--date", homes.END), {"UPGRADE_SLO_HOME": str(home)}, before=_restoring(home))


def _restoring(home: Path) -> Callable[[], None]:
    return lambda: state.restore(home)
