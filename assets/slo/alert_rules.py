"""Alert rules: how fast an error budget must burn, over which windows, before somebody is told, and who that is.

Belongs here: a rule, its exact threshold in bad operations, and the tiers that ship with it (`burn_rate_tiers.yaml`).
Does not belong here: reading policies from OpenSLO (`openslo.py`, `objectives.py`), counting and judging (`alerts.py`), sending
(`assets/reports/notifications.py`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from assets.slo.openslo import parse_shorthand

DEFAULT_TARGET = "default"  # whom the shipped tiers notify
TIER_CONFIDENCE = 0.999  # dozens of rules are looked at daily; a fleet that just keeps its target is to be quiet for weeks
FEWEST_BAD = 3  # of the long window, where nobody says otherwise
SHORT_PART = 12  # of the long window
MINUTES_PER_DAY = 1_440
# A rule is looked at on so many days, the newest last: since when it fires can be told for as long.
DAYS_LOOKED_AT = 28

_TIERS = Path(__file__).parent / "burn_rate_tiers.yaml"
_UNITS = {"d": MINUTES_PER_DAY, "h": 60, "m": 1}


@dataclass(frozen=True, slots=True)
class Notice:
    """Who is told of what."""

    target: str
    when_breaching: bool
    when_resolved: bool
    when_no_data: bool


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A burn rate, and the two windows in which it must be reached. `name` is unique among the rules of an objective."""

    name: str
    severity: str
    threshold: Fraction
    long_minutes: int
    short_minutes: int
    fewest_bad: int = FEWEST_BAD
    after_minutes: int = 0  # how long it must have held
    is_strict: bool = False  # the burn rate must be above the threshold, not only reach it
    confidence: float | None = None  # at which the long window must have missed the target, too; None: it need not have
    notices: tuple[Notice, ...] = ()

    @property
    def is_replayed(self) -> bool:
        """Whether a job that looks once a day comes too late for it, and can only say when it would have fired."""
        return self.long_minutes < MINUTES_PER_DAY

    def bad_needed(self, total: int, target: float) -> int:
        """The fewest bad ones of so many that burn the budget of this target as fast as the rule asks; exact, never rounded."""
        needed = self.threshold * allowed_share(target) * total
        return math.floor(needed) + 1 if self.is_strict else math.ceil(needed)


def allowed_share(target: float) -> Fraction:
    """The share that may be bad, exactly as the target is written: 1/200 for 0.995, which no double is."""
    return 1 - Fraction(repr(float(target)))


def short_minutes(long_minutes: int) -> int:
    """A twelfth of the long window, in whole minutes."""
    return -(-long_minutes // SHORT_PART)


def shorthand(minutes: int) -> str:
    """A window as OpenSLO writes it: `5m`, `6h`, `3d`."""
    unit = next(unit for unit, length in _UNITS.items() if minutes % length == 0)
    return f"{minutes // _UNITS[unit]}{unit}"


def shipped_rules(*, window_minutes: float, target: float) -> tuple[AlertRule, ...]:
    """The shipped tiers for an objective with this window and target, but for those that no burn rate can reach."""
    rules = (_rule(tier, window_minutes) for tier in _tiers())
    return tuple(rule for rule in rules if rule.threshold * allowed_share(target) <= 1)


def _short_minutes_of_tier(long_minutes: int) -> int:
    """A twelfth; of a live tier at least a day, since a job that looks at midnight must not depend on a busy evening."""
    return max(short_minutes(long_minutes), MINUTES_PER_DAY if long_minutes >= MINUTES_PER_DAY else 0)


@dataclass(frozen=True, slots=True)
class _Tier:
    name: str
    severity: str
    budget_spent_ratio: Fraction
    long_minutes: int


def _rule(tier: _Tier, window_minutes: float) -> AlertRule:
    return AlertRule(
        name=tier.name,
        severity=tier.severity,
        threshold=tier.budget_spent_ratio * Fraction(window_minutes) / tier.long_minutes,
        long_minutes=tier.long_minutes,
        short_minutes=_short_minutes_of_tier(tier.long_minutes),
        confidence=TIER_CONFIDENCE,
        notices=(Notice(DEFAULT_TARGET, when_breaching=True, when_resolved=True, when_no_data=False),),
    )


@cache
def _tiers() -> tuple[_Tier, ...]:
    return read_tiers(_TIERS.read_text(encoding="utf-8"))


def read_tiers(text: str) -> tuple[_Tier, ...]:
    """The tiers of a file like `burn_rate_tiers.yaml`.

    Raises:
        ValueError: naming the tier and the key that is unknown, missing or not accepted.
    """
    keys: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "name": ("text", lambda value: value if isinstance(value, str) else None),
        "severity": ("text", lambda value: value if isinstance(value, str) else None),
        "budget_spent_ratio": ('a ratio in quotes, such as "0.02"', _ratio),
        "long_window": ("a duration such as 6h", _minutes),
    }
    tiers = []
    for number, entry in enumerate(yaml.safe_load(text)):
        if set(entry) != set(keys):
            raise ValueError(
                f"{_TIERS.name}[{number}]: keys {sorted(entry)}; accepted: exactly {sorted(keys)}. Correct the file."
            )
        values = {key: parse(entry[key]) for key, (_, parse) in keys.items()}
        for key, (accepted, _) in keys.items():
            if values[key] is None:
                raise ValueError(f"{_TIERS.name}[{number}].{key}: read {entry[key]!r}; accepted: {accepted}. Correct the file.")
        tiers.append(_Tier(values["name"], values["severity"], values["budget_spent_ratio"], values["long_window"]))
    return tuple(tiers)


def _ratio(value: Any) -> Fraction | None:
    """Text, since a number would be read as the double nearest to it."""
    try:
        ratio = Fraction(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return ratio if ratio is not None and 0 < ratio <= 1 else None


def _minutes(value: Any) -> int | None:
    duration = parse_shorthand(value) if isinstance(value, str) else None
    return duration.seconds // 60 if duration else None
