"""The landing zone: which files were delivered, on which day, and which entries cannot be read as files.

Belongs here: walking `landing/<source>/<day>/`, and telling apart regular files, strays and mistakes.
Does not belong here: what the files hold (`assets/telemetry/lines.py`), what was taken in before (`assets/telemetry/ledger.py`).
"""

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assets.telemetry.sources import SOURCES, openshift_clusterversion

CANONICAL = "canonical"
_KINDS = ("json", "ndjson", "jsonl")
# Tools that print YAML for people are used for this source alone.
_MORE_KINDS = {openshift_clusterversion.NAME: ("yaml", "yml")}
_A_LINK = "a link that leads outside the landing zone or nowhere"


class LandingError(ValueError):
    """The landing zone is laid out in a way that leaves no safe reading of it."""


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """One delivered file, ordered as deliveries count: by day, then by path below `landing/`.

    `problem` says why the entry cannot be read as a file at all; `stamp` changes whenever the file does.
    """

    day: date
    path: str
    source: str
    location: Path
    stamp: str
    problem: str | None = None

    @property
    def size(self) -> int:
        """Bytes as delivered."""
        return int(self.stamp.split(":")[0])


def known_sources() -> tuple[str, ...]:
    """Names of the folders that may stand under `landing/`."""
    return (CANONICAL, *sorted(SOURCES))


def deliveries(landing: Path) -> list[Delivery]:
    """Every delivered file in order of delivery; an empty list when there is no landing zone.

    Names that begin with a dot are left out, since tools write half-copied files under such names.

    Raises:
        LandingError: for a folder that is no known source, a day folder that is no date, or a folder that may not be read.
    """
    try:
        return sorted(_walk(landing, known_sources())) if landing.is_dir() else []
    except PermissionError as problem:
        place = _printable(os.path.relpath(problem.filename, landing.parent))
        raise LandingError(
            f"{place} is out of reach: this user may not list it, or not enter the folder that holds it; accepted: folders with "
            "permission to list and to enter them. Grant it (chmod u+rx), or move the files into a folder of your own."
        ) from problem


def _walk(landing: Path, sources: Collection[str]) -> Iterator[Delivery]:
    root = landing.resolve()
    for source in _entries(landing):
        if source.name not in sources:
            raise LandingError(
                f"landing/{_printable(source.name)} is not a source; accepted: {', '.join(sources)}. "
                "Move the files into the folder of the format that they have."
            )
        if not _leads_inside(source, root):
            raise LandingError(f"landing/{source.name} is {_A_LINK}; accepted: a folder. Move the folder here.")
        if not source.is_dir():
            raise LandingError(
                f"landing/{source.name} is a file; accepted: a folder of delivery days. "
                f"Move it to landing/{source.name}/<YYYY-MM-DD>/."
            )
        for day in _entries(source):
            yield from _day(root, source.name, day)


def _day(root: Path, source: str, folder: os.DirEntry[str]) -> Iterator[Delivery]:
    is_stray = not _leads_inside(folder, root)
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", folder.name, re.ASCII) or not (is_stray or folder.is_dir()):
            raise ValueError(folder.name)
        delivery_day = date.fromisoformat(folder.name)
    except ValueError:
        raise LandingError(
            f"landing/{source}/{_printable(folder.name)} is not a delivery day; accepted: folders named YYYY-MM-DD. "
            "Move the files into the folder of the day on which they were delivered (UTC)."
        ) from None
    for entry in [folder] if is_stray else _entries(folder):
        status = entry.stat() if _leads_inside(entry, root) else entry.stat(follow_symlinks=False)
        yield Delivery(
            day=delivery_day,
            path="/".join((source, folder.name) if is_stray else (source, folder.name, _printable(entry.name))),
            source=source,
            location=Path(entry.path),
            stamp=f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}",
            problem=_problem(entry, status, source),
        )


def _problem(entry: os.DirEntry[str], status: os.stat_result, source: str) -> str | None:
    if _printable(entry.name) != entry.name:
        return "its name is not UTF-8; accepted: names in UTF-8. Rename it."
    if entry.is_symlink() and stat.S_ISLNK(status.st_mode):
        return f"it is {_A_LINK}; accepted: regular files. Copy what it stands for here."
    if not stat.S_ISREG(status.st_mode):
        return f"it is a {_kind(status.st_mode)}; accepted: regular files. Remove it."
    kinds = _KINDS + _MORE_KINDS.get(source, ())
    if not re.fullmatch(rf".*\.({'|'.join(kinds)})(\.gz|\.zst)?", entry.name, re.DOTALL):
        *others, last = (f"*.{kind}" for kind in kinds)
        accepted = f"{', '.join(others)} or {last}, plain or with .gz or .zst"
        return f"its name is none of {accepted}. Rename it, or move it out of the landing zone."
    return None


def _leads_inside(entry: os.DirEntry[str], root: Path) -> bool:
    if not entry.is_symlink():
        return True
    try:
        return Path(entry.path).resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # nowhere, or in a circle
        return False


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")


def _entries(folder: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _printable(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
