"""The direction between the rooms, read from the imports.

The contracts stand in `pyproject.toml` under `[tool.importlinter]`; here they are run, and what they cannot say is tested.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("assets", "quality", "pipelines")
THIN = {"assets.py", "checks.py", "partitions.py", "warehouse.py", "metadata.py"}
HEAVY = ("great_expectations", "altair", "scipy", "vl_convert", "pandas", "jinja2")


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def imported_by(module: Path) -> set[str]:
    """Top-level names of everything the module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


def test_the_contracts_of_import_linter_are_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 kept, 0 broken" in done.stdout


def test_only_thin_modules_and_pipelines_import_dagster():
    knowing = [path.relative_to(ROOT) for path in modules() if "dagster" in imported_by(path)]
    assert [str(path) for path in knowing if path.parts[0] != "pipelines" and path.name not in THIN] == []
    assert knowing


def test_nothing_imports_tests_or_notebooks():
    assert [str(path) for path in modules() if imported_by(path) & {"tests", "notebooks"}] == []


def test_every_room_imports_only_those_below_it():
    above = {"assets": {"quality", "pipelines"}, "quality": {"pipelines"}, "pipelines": set()}
    assert [str(path) for path in modules() if imported_by(path) & above[path.relative_to(ROOT).parts[0]]] == []


def test_only_the_settings_read_the_environment():
    reading = {
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert reading == {"pipelines/settings.py", "quality/gate.py"}  # the gate only tells its library not to call home


@pytest.mark.parametrize("module", ["pipelines.definitions", "pipelines.cli"])
def test_heavy_libraries_are_imported_when_used_and_nothing_of_dagsters_is_beta(module: str):
    """Every process of Dagster imports the definitions, and every command the CLI: seconds count there."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, warnings, dagster as dg\n"
            "for category in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning, DeprecationWarning):\n"
            "    warnings.simplefilter('error', category)\n"
            f"import {module}\n"
            f"print(*sorted(set(sys.modules) & set({HEAVY})))",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("\n", "", 0)
