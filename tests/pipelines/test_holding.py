"""Holding a home: whoever comes second is told who is first, waits, and gives up in order."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.home import Home
from pipelines.holding import HomeHeld, held, is_held

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from assets.home import Home
from pipelines.holding import held
with held(Home(root=Path(sys.argv[1])), patience_seconds=0):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the home until it gets a line, or the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_home_is_held_for_the_length_of_the_block_and_made_when_it_is_missing(tmp_path: Path):
    home = Home(root=tmp_path / "new" / "home")
    assert not is_held(home)
    with held(home, patience_seconds=0):
        assert is_held(home)
    assert not is_held(home)
    with held(home, patience_seconds=0):
        pass


def test_a_home_is_let_go_when_the_block_fails(tmp_path: Path):
    home = Home(root=tmp_path)
    with pytest.raises(KeyError), held(home, patience_seconds=0):
        raise KeyError
    assert not is_held(home)


def test_a_second_process_names_the_first_waits_and_gives_up(tmp_path: Path):
    home = Home(root=tmp_path)
    heard: list[str] = []
    with another_process(home) as first:
        begun = time.monotonic()
        with pytest.raises(HomeHeld) as given_up, held(home, patience_seconds=0.3, waiting=heard.append):
            pass
        assert time.monotonic() - begun >= 0.3
    assert heard == [f"the home is held by process {first.pid}; waiting up to 0 s."]
    assert str(given_up.value) == (
        f"the home is held by process {first.pid}; gave up after 0 s. "
        "Wait for that run to finish; what is published can be read meanwhile."
    )


def test_a_second_process_goes_on_when_the_first_finishes_in_time(tmp_path: Path):
    home = Home(root=tmp_path)
    with another_process(home) as first:
        assert first.stdin is not None
        letting_go = threading.Timer(0.3, first.communicate, ["\n"])
        letting_go.start()
        with held(home, patience_seconds=20):
            assert is_held(home)
        letting_go.join()


def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path: Path):
    home = Home(root=tmp_path)
    with another_process(home) as first:
        first.kill()
        first.wait()
    assert home.lock.read_text() == str(first.pid)  # its number is still there
    assert not is_held(home)
    with held(home, patience_seconds=0):
        pass
