"""Chosen numbers: a file that does not fit its shape is refused, with the key that is wrong."""

from dataclasses import dataclass

import pytest

from assets.simulation import constants
from assets.simulation.constants import read_constants


@dataclass(frozen=True)
class Ring:
    name: str
    delay_days: int


@dataclass(frozen=True)
class Shape:
    ratio: float
    rings: tuple[Ring, ...]
    shares: dict[str, float]


GOOD = "ratio: 1\nrings: [{name: canary, delay_days: 0}]\nshares: {a: 0.5}\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "_FOLDER", tmp_path)

    def read_text(text):
        (tmp_path / "example.yaml").write_text(text)
        return read_constants("example", Shape)

    return read_text


def test_a_file_becomes_the_dataclass_it_describes(read):
    assert read(GOOD) == Shape(ratio=1.0, rings=(Ring("canary", 0),), shares={"a": 0.5})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "ratio: 1\n", "", r"example\.yaml: unknown keys \[\], missing keys \['ratio'\]", id="a missing key is named"
        ),
        pytest.param("ratio: 1", "ratio: 1\nrate: 2", r"unknown keys \['rate'\]", id="an unknown key is named"),
        pytest.param("ratio: 1", "ratio: '1'", r"example\.yaml\.ratio: read '1'; accepted: a number", id="text is no number"),
        pytest.param("ratio: 1", "ratio: true", r"ratio: read True; accepted: a number", id="a truth value is no number"),
        pytest.param(
            "delay_days: 0", "delay_days: 0.5", r"rings\[0\]\.delay_days: read 0\.5; accepted: a value of type int",
            id="a fraction is no whole number",
        ),
        pytest.param(
            "shares: {a: 0.5}", "shares: [0.5]", r"shares: read \[0\.5\]; accepted: a mapping", id="a list is no mapping"
        ),
        pytest.param(
            "rings: [{name: canary, delay_days: 0}]", "rings: 3", r"rings: read 3; accepted: a list", id="a number is no list"
        ),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_by_key(read, old, new, message):
    with pytest.raises(ValueError, match=message):
        read(GOOD.replace(old, new))


@pytest.mark.parametrize("name", ["fleet", "releases", "demand", "operations", "incidents", "events", "delivery"])
def test_every_shipped_file_says_who_chose_its_numbers(name):
    assert "Chosen by the project" in (constants._FOLDER / f"{name}.yaml").read_text()
