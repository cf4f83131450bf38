"""SQL statements by name: `sql/<name>.sql` beside the module that asks.

Belongs here: finding and caching the text of a statement.
Does not belong here: running it (the module that asks), connections (`assets/warehouse.py`), SQL itself (the `sql/` folders).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path


def sql_beside(module_file: str) -> Callable[[str], str]:
    """The reader of the statements that belong to the module with this `__file__`."""
    folder = Path(module_file).parent / "sql"

    @cache
    def read(name: str) -> str:
        return (folder / f"{name}.sql").read_text(encoding="utf-8")

    return read


def compose(statement: str, **parts: str) -> str:
    """The statement with each `{name}` replaced by SQL that the code itself made; values go in as parameters instead."""
    for name, part in parts.items():
        statement = statement.replace(f"{{{name}}}", part)
    return statement
