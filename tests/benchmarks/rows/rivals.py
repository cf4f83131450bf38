"""The rows of the rivals: landing files to status by other tools, as fast as a competent user of each would make it.

Belongs here: which rivals there are, what they make of malformed lines, and the pairs with them.
Does not belong here: how each of them counts (`rivals/`).

A rival that refuses malformed lines is given the same home without them; ours takes the home as it is. The failures'
responsibilities are given to all of them as a table.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import homes
import state
from measure import Command, Pairs, Run, apart, measured, paired, program, rounds, upgrade_slo
from rivals.agreement import compared
from sizes import Sizes
from table import Line

BENCH_PYTHON = homes.ROOT / "venv" / "bin" / "python"


@dataclass(frozen=True)
class Rival:
    """`module` in `rivals/`. `needs`: a package that is not the product's. `refuses`: whether malformed lines stop it.

    `lenient`: arguments with which it skips lines, when it does not by itself.
    """

    name: str
    module: str
    needs: str | None = None
    refuses: bool = False
    lenient: tuple[str, ...] = ()

    def command(self, home: Path, *, lenient: bool = False) -> Command:
        """The process that writes `status()` from the home's files."""
        script = Path(__file__).parents[1] / "rivals" / f"{self.module}.py"
        python = sys.executable if self.needs is None else str(BENCH_PYTHON)
        return Command([python, str(script), str(home), str(homes.END), str(self.status()), *(self.lenient if lenient else ())])

    def status(self) -> Path:
        return homes.WORK / f"{self.module}.parquet"

    def is_there(self) -> bool:
        return self.needs is None or BENCH_PYTHON.exists()


RIVALS = (
    Rival("hand-written DuckDB SQL", "with_duckdb"),
    Rival("Polars", "with_polars", refuses=True),
    Rival("pandas", "with_pandas", refuses=True),
    Rival("chDB", "with_chdb", needs="chdb", lenient=("1",)),
    Rival("dbt-duckdb", "with_dbt", needs="dbt-duckdb"),
)
# How many of the fastest rivals on the ordinary home are tried on the large one, where they take minutes.
_CANDIDATES = 3
_OURS = homes.WORK / "ours.parquet"
_STEPS = homes.WORK / "steps.duckdb"


def all_of_a_home(sizes: Sizes) -> Iterator[Line]:
    """Rounds of ours and every rival; the target is the fastest one's."""
    lines, days = sizes.lines, sizes.home_days
    notes = {rival: _behaviour(rival, lines, days) for rival in RIVALS if rival.is_there()}
    commands = [_ours(_home(lines, days)), *(rival.command(_home_for(rival, lines, days), lenient=True) for rival in notes)]
    ours, *theirs = rounds(commands, count=sizes.pairs, warm=False)
    found = {rival: Pairs(ours, runs) for rival, runs in zip(notes, theirs, strict=True)}
    fastest = min(found, key=lambda rival: found[rival].value("baseline", "cpu_seconds").median)
    yield from _lines(lines, found, fastest, notes)


def fastest_of_a_large_home(sizes: Sizes) -> Iterator[Line]:
    """One run of the rivals that may be the fastest, and pairs with the one that is."""
    lines, days = sizes.many_lines, sizes.home_days
    fastest, runs = _screened(sizes)
    pairs = paired(
        _ours(_home(lines, days)),
        fastest.command(_home_for(fastest, lines, days), lenient=True),
        pairs=sizes.few_pairs,
        warm=False,
    )
    found = {rival: Pairs(pairs.ours[:1], (run,)) for rival, run in runs.items()} | {fastest: pairs}
    yield from _lines(lines, found, fastest, dict.fromkeys(found, ()))


def next_day(sizes: Sizes) -> Iterator[Line]:
    """The whole run for one more day, against the fastest rival computing everything anew."""
    lines, days = sizes.many_lines, sizes.home_days
    fastest, _ = _screened(sizes)
    home = apart(homes.several_days, lines, days=days)
    state.drop(home)
    measured(Command(program("programs/steps.py", home, home / "warehouse.duckdb", homes.END - timedelta(days=1))))
    state.keep(home)
    ours = Command(upgrade_slo("run", "--date", homes.END), {"UPGRADE_SLO_HOME": str(home)}, before=lambda: state.restore(home))
    pairs = paired(ours, fastest.command(_home_for(fastest, lines, days), lenient=True), pairs=sizes.few_pairs, warm=False)
    state.forget(home)
    yield Line(
        f"upgrade-slo run for the next day of {lines:,} lines",
        f"{fastest.name}, recomputing, the fastest",
        pairs,
        {"cpu_seconds": 1.0, "wall_seconds": 1.0},
    )


@cache
def _screened(sizes: Sizes) -> tuple[Rival, dict[Rival, Run]]:
    """The rival that needs least CPU for the large home, and a run of each that may be it: the fastest on the ordinary one."""

    def runs(rivals: Iterable[Rival], lines: int) -> dict[Rival, Run]:
        homes_of = {rival: _home_for(rival, lines, sizes.home_days) for rival in rivals}
        return {rival: measured(rival.command(home, lenient=True)) for rival, home in homes_of.items()}

    def by_cpu(found: dict[Rival, Run]) -> list[Rival]:
        return sorted(found, key=lambda rival: found[rival].cpu_seconds)

    ordinary = by_cpu(runs((rival for rival in RIVALS if rival.is_there()), sizes.lines))
    large = runs(ordinary[:_CANDIDATES], sizes.many_lines)
    return by_cpu(large)[0], large


def _lines(lines: int, found: dict[Rival, Pairs], fastest: Rival, notes: dict[Rival, tuple[str, ...]]) -> Iterator[Line]:
    for rival in RIVALS:
        what = f"files to status, {lines:,} lines"
        if not rival.is_there():
            yield Line(what, rival.name, None, notes=(f"{rival.needs} is not installed; `make bench` installs it",))
        if rival not in found:
            continue
        limits = {"cpu_seconds": 1.3, "wall_seconds": 1.3} if rival == fastest else {}
        yield Line(what, rival.name + (", the fastest" if rival == fastest else ""), found[rival], limits, notes=notes[rival])


def _behaviour(rival: Rival, lines: int, days: int) -> tuple[str, ...]:
    """What the rival makes of clean lines, where it has to agree with ours, and of malformed ones.

    Raises:
        RuntimeError: when it counts clean lines otherwise: then it is no rival.
    """
    measured(rival.command(_home(lines, days, malformed=False)))
    agreement = apart(compared, _status_of_ours(lines, days, malformed=False), rival.status())
    if not agreement.is_whole():
        raise RuntimeError(f"{rival.name} does not agree with ours on clean lines: {agreement}")
    refusal = ""
    try:
        measured(rival.command(_home(lines, days)))
    except RuntimeError as problem:
        message = next(line for line in str(problem).splitlines()[::-1] if "rror" in line)[:150]
        if not rival.lenient:
            return (f"refuses the files for their malformed lines ({message}); measured without those lines",)
        refusal = f"by itself refuses the files ({message}); told to skip lines, "
    measured(rival.command(_home(lines, days), lenient=True))
    agreement = apart(compared, _status_of_ours(lines, days, malformed=True), rival.status())
    ours, theirs = agreement.operations
    return (
        f"{refusal}counts some malformed lines and skips others without a word: {agreement.other_counts:,} of "
        f"{agreement.rows:,} rows have other counts than ours, {theirs:,} operations instead of {ours:,}",
    )


@cache
def _status_of_ours(lines: int, days: int, *, malformed: bool) -> Path:
    measured(_ours(_home(lines, days, malformed=malformed)))
    return _OURS.rename(_OURS.with_stem(f"ours-{lines}-{malformed}"))


def _ours(home: Path) -> Command:
    return Command(program("programs/steps.py", home, _STEPS, homes.END, _OURS), before=_drop_steps)


def _drop_steps() -> None:
    state.drop_warehouse(_STEPS)


def _home(lines: int, days: int, *, malformed: bool = True) -> Path:
    return apart(homes.plain, lines, days=days, malformed=malformed)


def _home_for(rival: Rival, lines: int, days: int) -> Path:
    return _home(lines, days, malformed=not rival.refuses)
