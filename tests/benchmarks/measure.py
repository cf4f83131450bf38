"""Paired measurements of whole processes: CPU, wall and peak memory as the operating system accounts for them.

Belongs here: running two commands in turn, A B A B, and the ratios pair by pair, so that a drifting machine does not matter.
Does not belong here: what is measured (`rows/`, `programs/`), the data (`homes.py`, `history.py`), printing (`table.py`).
"""

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIGURES = ("cpu_seconds", "wall_seconds", "peak_bytes")


@dataclass(frozen=True)
class Command:
    """What is run, with variables on top of the environment; `before` restores what it needs, unmeasured.

    `times`: its seconds count so often, for one day that stands for thirty, say. `has_own_clock`: it prints the CPU and wall
    seconds of the part that counts.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    times: int = 1
    has_own_clock: bool = False


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
    """Alternating runs of two commands; ratios are ours over the baseline, pair by pair. A check by itself has no baseline."""

    ours: tuple[Run, ...]
    baseline: tuple[Run, ...] = ()

    def ratio(self, figure: str) -> Spread:
        return Spread.of([getattr(a, figure) / getattr(b, figure) for a, b in zip(self.ours, self.baseline, strict=True)])

    def value(self, side: str, figure: str) -> Spread:
        return Spread.of([getattr(run, figure) for run in getattr(self, side)])


def paired(ours: Command, baseline: Command, *, pairs: int, warm: bool = True) -> Pairs:
    """Run both commands in turn, after one uncounted run of each unless they are too long for that."""
    return Pairs(*rounds([ours, baseline], count=pairs, warm=warm))


def rounds(commands: Sequence[Command], *, count: int, warm: bool = True) -> list[tuple[Run, ...]]:
    """Run all commands in turn so many times, after one uncounted round; the runs of each command."""
    counted: list[list[Run]] = [[] for _ in commands]
    for number in range(-warm, count):
        for runs, command in zip(counted, commands, strict=True):
            run = measured(command)
            if number >= 0:
                runs.append(run)
    return [tuple(runs) for runs in counted]


def measured(command: Command) -> Run:
    """Run a command to its end, its standard output kept, what it says on the other side shown only when it fails.

    Raises:
        RuntimeError: when it does not exit with 0, with what it said.
    """
    command.before()
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = os.posix_spawn(
            command.arguments[0],
            list(command.arguments),
            {**os.environ, **command.environment},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, writer, 1),
                (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
                (os.POSIX_SPAWN_CLOSE, reader),
            ],
        )
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as pipe:
            said = pipe.read()
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - started
        if (code := os.waitstatus_to_exitcode(status)) != 0:
            errors.seek(0)
            message = errors.read().decode(errors="replace")[-4_000:]
            raise RuntimeError(f"{' '.join(command.arguments)} exited with {code}: {said}\n{message}")
    seconds = usage.ru_utime + usage.ru_stime
    if command.has_own_clock:
        seconds, wall = (json.loads(said)[name] for name in ("cpu_seconds", "wall_seconds"))
    return Run(seconds * command.times, wall * command.times, usage.ru_maxrss * 1024, said)


def apart(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The result of a function that makes data, called in a process of its own.

    Linux counts the largest size of a parent as a child's peak memory, so the process that measures has to stay small.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **named).result()


def program(path: str, *arguments: object) -> list[str]:
    """The command line of a program of this folder in this interpreter."""
    return [sys.executable, str(Path(__file__).parent / path), *map(str, arguments)]


def upgrade_slo(*arguments: object) -> list[str]:
    """The command line of the product's own command in this interpreter's environment."""
    return [str(Path(sys.executable).with_name("upgrade-slo")), *map(str, arguments)]
