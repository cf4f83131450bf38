"""Progress of long work: on a terminal it says what, how much and how fast; elsewhere nothing at all."""

import io
from datetime import date

import pytest
from rich.console import Console

from pipelines import progress

FIRST, SECOND = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture
def shown(monkeypatch):
    """What a person sees on a terminal."""
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=stderr, width=120))
    return screen


def test_days_are_counted_by_what_is_being_done(shown):
    with progress.days_done() as report:
        report("taking in", FIRST, 0, 4)
        report("taking in", SECOND, 3, 4)
        report("folding", SECOND, 1, 2)
    text = shown.getvalue()
    assert "folding 2026-11-21" in text
    assert "1/2" in text


def test_work_that_counts_shows_its_share_and_rate(shown):
    with progress.counting("simulating", "lines") as report:
        for done in range(0, 1001, 100):
            report(done, 1000)
    text = shown.getvalue()
    assert "simulating" in text
    assert "1000/1000" in text
    assert "lines/s" in text


def test_nothing_is_shown_where_nobody_watches(capsys):
    with progress.days_done() as report:
        report("building", FIRST, 0, 1)
    assert capsys.readouterr() == ("", "")
