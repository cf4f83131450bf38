"""Reference data: the files of `reference/`, which say what no telemetry tells.

Belongs here: which files the folder may hold, reading each of them once, and their hash.
Does not belong here: what they say (`assets/upgrades/catalogue.py`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assets.yaml_fields import Problem, nearest

VERSIONS, CVES = "versions.yaml", "cves.yaml"
FILES = (VERSIONS, CVES)


class ReferenceDataError(ValueError):
    """Reference data that cannot be used; `problems` has one line for each thing to correct."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = [str(each) for each in sorted(set(problems))]
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        remedy = "correct what is named, or take the file away to do without it"
        super().__init__("\n".join([f"{count} in the reference data; {remedy}", *self.problems]))


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The content of each file by its name: what is read and what is hashed are the same bytes."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the files' names and bytes; empty when there is no file."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest() if self.files else ""


def load_reference_data(folder: Path) -> ReferenceData:
    """The files of the folder; without it there is no reference data. Names that begin with a dot are left alone.

    Raises:
        ReferenceDataError: for what is no reference file, and for a file that cannot be read.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    accepted = f"a folder of {' and '.join(FILES)}, both optional"
    if folder.exists() and not folder.is_dir():
        raise ReferenceDataError([Problem(folder.name, 1, "file", "a file", accepted)])
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        name = f"{folder.name}/{path.name}"
        if path.name.startswith("."):
            continue
        if path.name not in FILES:
            problems.append(Problem(name, 1, "file", "a name that no reference data has", accepted + nearest(path.name, FILES)))
            continue
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            why = error.strerror or type(error).__name__
            problems.append(Problem(name, 1, "file", f"nothing ({why})", "a file that can be read"))
    if problems:
        raise ReferenceDataError(problems)
    return ReferenceData(files)
