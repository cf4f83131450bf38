"""The state of a home between runs: dropped, kept, and put back, without touching what was delivered.

Belongs here: which files and folders a run changes, and moving them.
Does not belong here: making homes (`homes.py`, `history.py`).

The landing zone stays in place, because the ledger knows a file by its inode: a copy would be read again.
"""

import os
import shutil
from pathlib import Path

_PASSING = ("scratch", "refused", ".lock")


def drop(home: Path) -> None:
    """Leave nothing but the inputs and what is kept."""
    for name in (*_state(home), *_PASSING):
        _remove(home / name)


def forget(home: Path) -> None:
    """Leave nothing but the inputs."""
    drop(home)
    _remove(home / "kept")


def keep(home: Path) -> None:
    """Move the present state away, to be put back before every run."""
    kept = home / "kept"
    kept.mkdir(exist_ok=True)
    for name in _state(kept):
        _remove(kept / name)
    for name in _state(home):
        (home / name).rename(kept / name)


def restore(home: Path) -> None:
    """Put the kept state back: files that are replaced but never changed are linked, the others copied."""
    drop(home)
    for name in _state(home / "kept"):
        source, target = home / "kept" / name, home / name
        if source.is_dir():
            copy = os.link if name == "published" or name.endswith(".keys") else shutil.copyfile
            shutil.copytree(source, target, symlinks=True, copy_function=copy)
        else:
            shutil.copyfile(source, target)


def _state(folder: Path) -> list[str]:
    """What a run changes in a home: the warehouse with its indexes, the published days, Dagster's records."""
    found = [*folder.glob("warehouse.duckdb*"), folder / "published", folder / "dagster"]
    return [path.name for path in found if path.exists()]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def drop_warehouse(database: Path) -> None:
    """Remove a warehouse that stands by itself, with everything beside it."""
    for path in database.parent.glob(f"{database.name}*"):
        _remove(path)
