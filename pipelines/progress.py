"""Progress of long work on the terminal: rate, share done, time left.

Belongs here: bars, shown only where a person watches.
Does not belong here: the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


@contextmanager
def counting(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that counts: the callable takes what is done and what is due."""
    with _bar(unit) as progress:
        task = progress.add_task(what, total=None)

        def report(done: int, due: int) -> None:
            progress.update(task, completed=done, total=due)

        yield report


@contextmanager
def days_done() -> Iterator[Callable[[str, date, int, int], None]]:
    """A bar for work by day: the callable takes what is being done, the day at hand, the days done and the days due."""
    with _bar("days") as progress:
        task = progress.add_task("")
        doing = ""

        def report(what: str, day: date, done: int, due: int) -> None:
            nonlocal doing
            if what != doing:
                progress.reset(task)
                doing = what
            progress.update(task, completed=done, total=due, description=f"{what} {day}")

        yield report


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {self._unit}/s")


def _bar(unit: str) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
