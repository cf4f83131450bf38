"""How the whole suite is run: which tests stay on one worker, and what the garbage collector need not look at.

Belongs here: what holds for every test.
Does not belong here: homes and other fixtures; each folder has its own.
"""

import gc
from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# Their session's home takes seconds to make: one worker makes it and runs every file.
ONE_HOME = ("tests/simulation",)


class ByHome(LoadFileScheduling):
    """By file, as `--dist loadfile` does, so that no module's fixtures are made twice; some folders as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        folder = str(PurePosixPath(file).parent)
        return folder if folder in ONE_HOME else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByHome | None:
    return ByHome(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Thousands of tests and the libraries behind them stay until the end: no collection need go through them again."""
    gc.collect()
    gc.freeze()
