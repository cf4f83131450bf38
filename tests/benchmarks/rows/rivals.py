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
from measure import Command, Pairs, Run, apart, measured, program, rounds, upgrade_slo
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
    found = _on_the_ordinary_home(sizes)
    notes = {rival: _behaviour(rival, sizes.lines, sizes.home_days) for rival in found}
    yield from _lines(sizes.lines, found, _by_cpu(found)[0], notes)


def fastest_of_a_large_home(sizes: Sizes) -> Iterator[Line]:
    """Ours against the rivals that may be the fastest, in turn; the target is that of the one that is."""
    found, fastest, _ = _on_the_large_home(sizes)
    yield from _lines(sizes.many_lines, found, fastest, dict.fromkeys(found, ()))


def next_day(sizes: Sizes) -> Iterator[Line]:
    """The whole run for one more day, against the fastest rival computing everything anew."""
    found, fastest, runs = _on_the_large_home(sizes)
    yield Line(
        f"upgrade-slo run for the next day of {sizes.many_lines:,} lines",
        f"{fastest.name}, recomputing, the fastest",
        Pairs(runs, found[fastest].baseline),
        {"cpu_seconds": 1.0, "wall_seconds": 1.0},
    )


@cache
def _on_the_ordinary_home(sizes: Sizes) -> dict[Rival, Pairs]:
    rivals = [rival for rival in RIVALS if rival.is_there()]
    ours, *theirs = rounds(_commands(rivals, sizes.lines, sizes.home_days), count=sizes.few_pairs, warm=False)
    return {rival: Pairs(ours, runs) for rival, runs in zip(rivals, theirs, strict=True)}


@cache
def _on_the_large_home(sizes: Sizes) -> tuple[dict[Rival, Pairs], Rival, tuple[Run, ...]]:
    """Ours against the candidates, the fastest of them, and our runs for the next day: all of it in turn.

    The first round has every candidate, the others have the one that was the fastest then: they take minutes each.
    """
    lines, days = sizes.many_lines, sizes.home_days
    candidates = _by_cpu(_on_the_ordinary_home(sizes))[:_CANDIDATES]
    home = apart(homes.several_days, lines, days=days)
    state.drop(home)
    measured(Command(program("programs/steps.py", home, home / "warehouse.duckdb", homes.END - timedelta(days=1))))
    state.keep(home)
    next_day = Command(
        upgrade_slo("run", "--date", homes.END), {"UPGRADE_SLO_HOME": str(home)}, before=lambda: state.restore(home)
    )
    ours, *theirs, following = rounds([*_commands(candidates, lines, days), next_day], count=1, warm=False)
    found = {rival: Pairs(ours, runs) for rival, runs in zip(candidates, theirs, strict=True)}
    fastest = _by_cpu(found)[0]
    again = rounds([*_commands([fastest], lines, days), next_day], count=sizes.fewest_pairs - 1, warm=False)
    state.forget(home)
    more_of_ours, more_of_theirs, more_following = again
    found[fastest] = Pairs(ours + more_of_ours, found[fastest].baseline + more_of_theirs)
    return found, fastest, following + more_following


def _commands(rivals: Iterable[Rival], lines: int, days: int) -> list[Command]:
    """Ours, then theirs, on homes of the same lines."""
    theirs = [rival.command(_home_for(rival, lines, days), lenient=True) for rival in rivals]
    return [_ours(_home(lines, days)), *theirs]


def _by_cpu(found: dict[Rival, Pairs]) -> list[Rival]:
    return sorted(found, key=lambda rival: found[rival].value("baseline", "cpu_seconds").median)


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
    """What the rival makes of malformed lines, after its rounds; their last status is there still.

    Raises:
        RuntimeError: when it counts clean lines otherwise than ours: then it is no rival.
    """
    malformed, clean = _home(lines, days), _home(lines, days, malformed=False)
    counted = None if rival.refuses else apart(compared, _status_of_ours(lines, days), rival.status())
    if not rival.refuses:
        measured(rival.command(clean))
    agreement = apart(compared, _status_of_clean_lines(lines, days), rival.status())
    if not agreement.is_whole():
        raise RuntimeError(f"{rival.name} does not agree with ours on clean lines: {agreement}")
    refusal = _refusal(rival.command(malformed)) if rival.refuses or rival.lenient else ""
    if counted is None:
        return (f"refuses the files for their malformed lines ({refusal}); measured without those lines",)
    by_itself = f"by itself refuses the files ({refusal}); told to skip lines, " if refusal else ""
    ours, theirs = counted.operations
    return (
        f"{by_itself}counts some malformed lines and skips others without a word: {counted.other_counts:,} of "
        f"{counted.rows:,} rows have other counts than ours, {theirs:,} operations instead of {ours:,}",
    )


def _refusal(command: Command) -> str:
    """The line of the error with which the command ends.

    Raises:
        AssertionError: when it does not fail, which the table would have to say otherwise.
    """
    try:
        measured(command)
    except RuntimeError as problem:
        return next(line for line in str(problem).splitlines()[::-1] if "rror" in line)[:150]
    raise AssertionError(f"{' '.join(command.arguments)} takes the malformed lines that it is listed to refuse")


@cache
def _status_of_ours(lines: int, days: int) -> Path:
    return _OURS.rename(_OURS.with_stem(f"ours-{lines}-{days}"))


@cache
def _status_of_clean_lines(lines: int, days: int) -> Path:
    measured(_ours(_home(lines, days, malformed=False)))
    return _OURS.rename(_OURS.with_stem(f"ours-{lines}-{days}-clean"))


def _ours(home: Path) -> Command:
    return Command(program("programs/steps.py", home, _STEPS, homes.END, _OURS), before=_drop_steps)


def _drop_steps() -> None:
    state.drop_warehouse(_STEPS)


def _home(lines: int, days: int, *, malformed: bool = True) -> Path:
    return apart(homes.plain, lines, days=days, malformed=malformed)


def _home_for(rival: Rival, lines: int, days: int) -> Path:
    return _home(lines, days, malformed=not rival.refuses)
