"""Paired measurements of whole processes: CPU, wall and peak memory as the operating system accounts for them.

Belongs here: running two commands in turn, A B A B, and the ratios pair by pair, so that a drifting machine does not matter.
Does not belong here: what is measured (`rows.py`), the data (`homes.py`), printing (`bench.py`).
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One finished process: seconds of CPU (user and system, children included), seconds of wall clock, peak bytes."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    said: str


@dataclass(frozen=True)
class Spread:
    """Several values of one figure."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True)
class Pairs:
    """Alternating runs of two commands; ratios are ours over the baseline, pair by pair."""

    ours: tuple[Run, ...]
    baseline: tuple[Run, ...]

    def ratio(self, figure: str) -> Spread:
        return Spread.of([getattr(a, figure) / getattr(b, figure) for a, b in zip(self.ours, self.baseline, strict=True)])

    def value(self, side: str, figure: str) -> Spread:
        return Spread.of([getattr(run, figure) for run in getattr(self, side)])


def paired(
    ours: Sequence[str],
    baseline: Sequence[str],
    *,
    pairs: int,
    before_ours: Callable[[], None] = lambda: None,
    before_baseline: Callable[[], None] = lambda: None,
) -> Pairs:
    """Run both commands in turn after one uncounted run of each; the `before` callables prepare each run, unmeasured."""
    counted: tuple[list[Run], list[Run]] = ([], [])
    for number in range(pairs + 1):
        for side, command, before in ((0, ours, before_ours), (1, baseline, before_baseline)):
            before()
            run = measured(command)
            if number:
                counted[side].append(run)
    return Pairs(tuple(counted[0]), tuple(counted[1]))


def measured(command: Sequence[str], *, environment: dict[str, str] | None = None) -> Run:
    """Run a command to its end, its standard output kept.

    Raises:
        RuntimeError: when it does not exit with 0, with what it said.
    """
    reader, writer = os.pipe()
    started = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        list(command),
        {**os.environ, **(environment or {})},
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)],
    )
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{' '.join(command)} exited with {os.waitstatus_to_exitcode(status)}: {said}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, said)


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this folder in this interpreter."""
    return [sys.executable, str(Path(__file__).with_name(f"{module}.py")), *map(str, arguments)]
