"""Holding a home: one process at a time runs the pipeline on it.

Belongs here: the lock file, whom it names, waiting for it, and asking whether it is taken.
Does not belong here: the database's own lock (`assets/warehouse.py`), which also guards against runs started elsewhere.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator

from assets.home import Home


class HomeHeld(RuntimeError):
    """Another process runs the pipeline on this home, and did not finish in time."""


@contextlib.contextmanager
def held(home: Home, *, patience_seconds: float, waiting: Callable[[str], None] = lambda _message: None) -> Iterator[None]:
    """Hold the home for the length of the block; `waiting` hears, once, who holds it.

    The lock ends with the process, however it ends.

    Raises:
        HomeHeld: when another process holds it for longer than `patience_seconds`.
        OSError: when the home cannot be written.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with home.lock.open("a+", encoding="utf-8") as file:
        _wait(file.fileno(), lambda: _holder(home), patience_seconds, waiting)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def is_held(home: Home) -> bool:
    """Whether a process, this one included, holds the home at this moment."""
    try:
        with home.lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _wait(descriptor: int, holder: Callable[[], str], patience_seconds: float, waiting: Callable[[str], None]) -> None:
    deadline = time.monotonic() + patience_seconds
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise HomeHeld(
                    f"the home is held by {holder()}; gave up after {patience_seconds:.0f} s. "
                    "Wait for that run to finish; what is published can be read meanwhile."
                ) from None
            if not said:
                waiting(f"the home is held by {holder()}; waiting up to {patience_seconds:.0f} s.")
                said = True
            time.sleep(0.1)
        else:
            return


def _holder(home: Home) -> str:
    with contextlib.suppress(OSError):
        number = home.lock.read_text(encoding="utf-8").strip()
        if number:
            return f"process {number}"
    return "another process"
