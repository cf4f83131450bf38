"""Whatever the ledger calls a source or a class, a reader finds in plain words."""

import re
from pathlib import Path

from assets.reports.plain_words import CLASSES, SOURCES
from assets.telemetry import sources
from assets.telemetry.landing import known_sources


def test_every_source_has_a_name():
    assert set(known_sources()) <= set(SOURCES)


def test_every_class_that_a_source_gives_has_words():
    texts = [file.read_text(encoding="utf-8") for file in Path(sources.__file__).parent.glob("*.py")]
    given = {name for text in texts for name in re.findall(r'NotAnUpgrade\([^)]*?"(\w+)"', text)}
    assert given
    assert given <= set(CLASSES)


def test_the_classes_of_operations_have_words():
    assert {"update", "create", "abort"} <= set(CLASSES)
