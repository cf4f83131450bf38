"""Notification targets: whom alert policies may name, and where each of them is.

Belongs here: addresses by target, and the variables of the environment that hold them.
Does not belong here: reading the environment (`pipelines/settings.py`), what is sent (`notifications.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLE = "UPGRADE_SLO_TARGET_"


@dataclass(frozen=True)
class Targets:
    """The addresses of notification targets by the targets' names; secrets, which no text about them shows."""

    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)


NOBODY = Targets()


def variable_of(target: str) -> str:
    """The variable of the environment that holds a target's address: UPGRADE_SLO_TARGET_ON_CALL for `on-call`."""
    return VARIABLE + target.upper().replace("-", "_")
