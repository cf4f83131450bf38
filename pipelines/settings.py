"""Settings: the environment becomes a home, a warehouse and limits; nothing else reads the environment.

Belongs here: variables, their defaults, and what is wrong with a value.
Does not belong here: what a home holds (`assets/home.py`), how the warehouse is opened (`assets/warehouse.py`).
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.home import Home
from assets.reports.targets import NOBODY, VARIABLE, Targets, variable_of
from assets.warehouse import Warehouse

DEFAULT_HOME = Path(__file__).parents[1] / "data"
GAPS = ("error", "warn")

_DAGSTER_YAML = """\
# Written by upgrade-slo for this home; edit it as you like, it is not written again.
telemetry: {enabled: false}
nux: {enabled: false}
# One DuckDB writer: one run at a time.
concurrency: {pools: {granularity: run, default_limit: 1}}
# A run that was killed gives its slot back.
run_monitoring: {enabled: true, free_slots_after_run_end_seconds: 60}
"""


_TARGET_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)


class SettingsError(ValueError):
    """A variable of the environment has a value that is not accepted."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides."""

    home: Home
    warehouse: Warehouse
    targets: Targets = NOBODY


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; nothing is created on disk.

    `UPGRADE_SLO_HOME` (default: `data/` beside the code), `UPGRADE_SLO_GAPS` (`error` or `warn`), `UPGRADE_SLO_MEMORY_LIMIT`
    (DuckDB's, such as `4GB`), `UPGRADE_SLO_THREADS`, `UPGRADE_SLO_PATIENCE_SECONDS` (waiting for another process), and
    `UPGRADE_SLO_TARGET_<NAME>`: the address of the notification target of that name, in Apprise's notation.

    Raises:
        SettingsError: naming the variable, its value and what is accepted.
    """
    gaps = environment.get("UPGRADE_SLO_GAPS") or GAPS[0]
    if gaps not in GAPS:
        raise SettingsError(f"UPGRADE_SLO_GAPS is {gaps!r}; accepted: {' or '.join(GAPS)}.")
    root = Path(environment.get("UPGRADE_SLO_HOME") or DEFAULT_HOME).expanduser().absolute()
    home = Home(root=root, gaps_are_errors=gaps == "error")
    warehouse = Warehouse(
        path=home.warehouse,
        scratch=home.scratch,
        memory_limit=_memory(environment, "UPGRADE_SLO_MEMORY_LIMIT", "4GB"),
        threads=_number(environment, "UPGRADE_SLO_THREADS", os.cpu_count() or 2, least=1),
        patience_seconds=_number(environment, "UPGRADE_SLO_PATIENCE_SECONDS", 30, least=0),
    )
    return Settings(home=home, warehouse=warehouse, targets=_targets(environment))


def prepare_dagster(home: Home) -> None:
    """Make the home's Dagster folder, with settings that suit one writer, and point Dagster at it.

    Raises:
        OSError: when the home cannot be written.
    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    configuration = home.dagster / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(_DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"


def _targets(environment: Mapping[str, str]) -> Targets:
    """Addresses by the name of the target; what is wrong with one is told when it is used, without showing it."""
    addresses = {}
    for variable, address in environment.items():
        target = variable.removeprefix(VARIABLE).lower().replace("_", "-")
        if not variable.startswith(VARIABLE) or not address.strip():
            continue
        if variable_of(target) != variable or not _TARGET_NAME.fullmatch(target):
            raise SettingsError(
                f"{variable} names no notification target; accepted: such as {variable_of('on-call')} for on-call."
            )
        addresses[target] = address.strip()
    return Targets(addresses)


def _memory(environment: Mapping[str, str], name: str, default: str) -> str:
    text = environment.get(name) or default
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[KMGT]i?B", text, re.ASCII | re.IGNORECASE):
        raise SettingsError(f"{name} is {text!r}; accepted: a number with KB, MB, GB or TB, such as {default}.")
    return text


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsError(f"{name} is {text!r}; accepted: a whole number from {least} on, such as {default}.")
    return int(text)


if __name__ == "__main__":
    try:
        _settings = load_settings()
        prepare_dagster(_settings.home)
    except (SettingsError, OSError) as _problem:
        sys.exit(f"Error: {_problem}")
    print(_settings.home.dagster)  # noqa: T201 - for the Makefile, which starts Dagster's own commands
