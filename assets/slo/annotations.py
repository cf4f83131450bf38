"""Our annotations on OpenSLO objects: the closed list under `upgradeslo.dev/`, their values and defaults.

Belongs here: which annotation may stand on which kind, what it accepts, what applies when it is absent.
Does not belong here: the format they extend (`assets/slo/openslo.py`), what follows from the values
(`assets/slo/objectives.py`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assets.slo.openslo import KINDS, SHORTHAND_ACCEPTED, Metadata, parse_shorthand
from assets.yaml_fields import Found, Problem, nearest, quoted

PREFIX = "upgradeslo.dev/"
SLICE_COLUMNS = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")

# What applies when an SLO says nothing; the text is what one would write.
DEFAULTS = {
    "deadline": "24h",
    "failed": "never-finishes",
    "slice-by": "to_version,region,workload_type",
    "confidence": "0.95",
    "min-events": "20",
    "fdr": "bh:0.10",
    "late-data-horizon": "72h",
}

LONGEST_DURATION_DAYS = 3_650  # ten years; beyond it date arithmetic would leave the calendar

_DECIMAL = re.compile(r"[0-9]*\.?[0-9]+")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One annotation: the kinds it may stand on, what it accepts, the value it gives (None: not accepted)."""

    kinds: tuple[str, ...]
    accepted: str
    parse: Callable[[str], Any]


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


def _seconds(text: str) -> int | None:
    duration = parse_shorthand(text)
    if duration is None or duration.seconds > LONGEST_DURATION_DAYS * 86_400:
        return None
    return duration.seconds


def _ratio(text: str) -> float | None:
    ratio = float(text) if _DECIMAL.fullmatch(text) else None
    return ratio if ratio is not None and 0 < ratio < 1 else None


def _whole_number(*, least: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        number = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
        return number if number is not None and number >= least else None

    return parse


def _slice_columns(text: str) -> tuple[str, ...] | None:
    columns = tuple(column.strip() for column in text.split(","))
    known = all(column in SLICE_COLUMNS for column in columns)
    return columns if known and len(set(columns)) == len(columns) else None


def _false_discovery_rate(text: str) -> float | None:
    method, _, rate = text.partition(":")
    return _ratio(rate) if method == "bh" else None


_DURATION = f"{SHORTHAND_ACCEPTED.replace('28d', '24h')}, at most {LONGEST_DURATION_DAYS}d"
_NO_EXPOSURE = _Rule((), "no value: it belongs to an SLO on patch exposure, and none can be written yet", _one_of())

_RULES = {
    "schema": _Rule(KINDS, '"1"', _one_of("1")),
    "deadline": _Rule(("SLI", "SLO"), _DURATION, _seconds),
    "failed": _Rule(("SLO",), "never-finishes, excluded", _one_of("never-finishes", "excluded")),
    "slice-by": _Rule(("SLO",), f"a comma list without repetition of {', '.join(SLICE_COLUMNS)}", _slice_columns),
    "confidence": _Rule(("SLO",), 'a number between 0 and 1, for example "0.95"', _ratio),
    "min-events": _Rule(("SLO",), 'a whole number from 0, for example "20"', _whole_number(least=0)),
    "fdr": _Rule(("SLO",), "bh: and a number between 0 and 1, for example bh:0.10", _false_discovery_rate),
    "late-data-horizon": _Rule(("SLO",), _DURATION, _seconds),
    "short-window": _Rule(("AlertCondition",), _DURATION, _seconds),
    "min-bad-events": _Rule(("AlertCondition",), 'a whole number from 1, for example "3"', _whole_number(least=1)),
    "clock-start": _NO_EXPOSURE,
    "severity": _NO_EXPOSURE,
    "respect-embargo": _NO_EXPOSURE,
}


def read_annotations(metadata: Metadata, problems: list[Problem]) -> dict[str, Found[Any]]:
    """The values of our annotations by name without the prefix; annotations of others are left alone.

    Durations are seconds (int), `confidence` and `fdr` ratios (float), counts int, `slice-by` a tuple.
    What is unknown, misplaced or malformed is added to `problems` and missing from the result.
    """
    values: dict[str, Found[Any]] = {}
    for key, found in metadata.annotations:
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX)
        rule = _RULES.get(name)
        if rule is None:
            accepted = f"{PREFIX} with {', '.join(_RULES)}{nearest(name, [*_RULES])}"
            problems.append(found.place.problem(read="an unknown annotation", accepted=accepted))
        elif rule.kinds and metadata.owner not in (*rule.kinds, ""):
            read = f"{name} on {metadata.owner}"
            problems.append(found.place.problem(read=read, accepted=f"{name} on {' or '.join(rule.kinds)}"))
        elif (value := rule.parse(found.value)) is None:
            problems.append(found.place.problem(read=quoted(found.value), accepted=rule.accepted))
        else:
            values[name] = Found(value, found.place)
    return values


def default(name: str) -> Any:
    """The value of an annotation that nobody wrote."""
    return _RULES[name].parse(DEFAULTS[name])
