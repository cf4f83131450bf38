"""One whole run in this process, with the CPU seconds of its parts: imports, SQL and statistics, the gate, the page, Dagster.

Belongs here: watching the calls that the parts begin with, and the time each of them has for itself.
Does not belong here: measuring a whole process (`measure.py`).

Usage: breakdown.py, with UPGRADE_SLO_HOME set
"""

import builtins
import importlib
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

# Where each part begins: module, function, part. A part within another one counts for itself.
PARTS = (
    ("assets.telemetry.assets", "take_in", "intake"),
    ("assets.upgrades.assets", "fold", "fold"),
    ("assets.slo.assets", "count_cells", "cells"),
    ("assets.slo.assets", "write_status", "status"),
    ("quality.checks", "judge", "Great Expectations"),
    ("quality.checks", "judge_and_store", "frames of the gate"),
    ("assets.reports.assets", "read_report_data", "page, tables and snapshot"),
    ("assets.reports.assets", "publish", "page, tables and snapshot"),
    ("assets.reports.assets", "write_snapshot", "page, tables and snapshot"),
)
REST = "Dagster and the rest"


class Clock:
    """CPU seconds of this process by part; the innermost part that is under way is the one that the time goes to."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._under_way = [REST]
        self._since = 0.0  # the interpreter's own start belongs to the rest

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._switch()
            self._under_way.append(part)
            try:
                return function(*arguments, **named)
            finally:
                self._switch()
                self._under_way.pop()

        return call

    def importing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`__import__`, timed as the import of what is imported first."""

        def call(name: str, *arguments: Any, **named: Any) -> Any:
            if self._under_way[-1].startswith("import"):
                return function(name, *arguments, **named)
            library = name.partition(".")[0] or "ours"
            known = {"dagster": "Dagster", "great_expectations": "Great Expectations", "altair": "Altair"}
            return self.timed(f"imports: {known.get(library, 'the rest')}", function)(name, *arguments, **named)

        return call

    def done(self) -> dict[str, float]:
        self._switch()
        return {part: round(seconds, 3) for part, seconds in self.seconds.items()}

    def _switch(self) -> None:
        now = time.process_time()
        self.seconds[self._under_way[-1]] += now - self._since
        self._since = now


def main() -> None:
    clock = Clock()
    builtins.__import__ = clock.importing(builtins.__import__)
    import dagster  # noqa: F401 - else it would count for the first of our modules that needs it

    from pipelines.cli import main as command

    for module, function, part in PARTS:
        home = importlib.import_module(module)
        setattr(home, function, clock.timed(part, getattr(home, function)))
    try:
        command(["run"])
    finally:
        print(json.dumps(clock.done()))


if __name__ == "__main__":
    main()
