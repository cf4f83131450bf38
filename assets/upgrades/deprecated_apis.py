"""The Kubernetes APIs that a minor release no longer serves, and what takes their place.

Belongs here: reading `deprecated_apis.yaml`, and knowing an API by the name that events have for it.
Does not belong here: the APIs themselves (`deprecated_apis.yaml`), whose upgrades fail more often (`assets/health/api_use.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

_TABLE = Path(__file__).with_name("deprecated_apis.yaml")
_KEYS = ("version", "apis")
_ROW_KEYS = ("api", "kinds", "removed_in", "replacement")
_MINOR = re.compile(r"1\.([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Removal:
    """From which minor of Kubernetes on (32 is 1.32) an API is gone, and what serves the same."""

    minor: int
    replacement: str

    @property
    def removed_in(self) -> str:
        """The minor as one writes it: `1.32`."""
        return f"1.{self.minor}"


def removals() -> Mapping[str, Removal]:
    """Every removed API by its name in events: `policy/v1beta1/PodDisruptionBudget`."""
    return _shipped()


def read_removals(text: str, *, name: str) -> dict[str, Removal]:
    """The removals that a YAML text lists; `name` stands in messages for where it came from.

    Raises:
        ValueError: naming the row and the key that is missing, unknown, given twice, or has a value that is not accepted.
    """
    table = yaml.safe_load(text)
    _expect_keys(table, _KEYS, at=name)
    if not isinstance(table["apis"], list) or not table["apis"]:
        raise ValueError(f"{name}: apis is {table['apis']!r}; accepted: a list of rows. Give at least one.")
    found: dict[str, Removal] = {}
    for number, row in enumerate(table["apis"], start=1):
        at = f"{name}: apis[{number}]"
        _expect_keys(row, _ROW_KEYS, at=at)
        minor = _MINOR.fullmatch(row["removed_in"]) if isinstance(row["removed_in"], str) else None
        if minor is None:
            raise ValueError(f'{at}.removed_in is {row["removed_in"]!r}; accepted: a minor in quotes, such as "1.25".')
        if not isinstance(row["kinds"], list) or not row["kinds"]:
            raise ValueError(f"{at}.kinds is {row['kinds']!r}; accepted: a list of kinds, such as [CronJob].")
        for kind in row["kinds"]:
            feature = f"{row['api']}/{kind}"
            if feature in found:
                raise ValueError(f"{at}: {feature} is given twice; accepted: once. Remove one.")
            found[feature] = Removal(int(minor[1]), str(row["replacement"]))
    return found


@cache
def _shipped() -> Mapping[str, Removal]:
    return MappingProxyType(read_removals(_TABLE.read_text(encoding="utf-8"), name=_TABLE.name))


def _expect_keys(row: Any, keys: tuple[str, ...], *, at: str) -> None:
    if not isinstance(row, dict) or set(row) != set(keys):
        read = ", ".join(map(str, row)) if isinstance(row, dict) else repr(row)
        raise ValueError(f"{at} has {read}; accepted: exactly the keys {', '.join(keys)}. Correct the row.")
