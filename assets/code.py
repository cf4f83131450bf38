"""The code itself, as a hash: what was computed by other code has to be computed anew.

Belongs here: hashing the files of packages.
Does not belong here: what rests on the hash (`assets/upgrades/fold.py`, `assets/slo/cells.py`, `assets/reports/basis.py`).
"""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SUFFIXES = {".py", ".sql", ".yaml", ".j2", ".css", ".js"}


@cache
def code_sha256(*packages: str) -> str:
    """Hex SHA-256 of the names and bytes of the packages' files, given as paths from the top such as `assets/slo`."""
    digest = hashlib.sha256()
    for package in packages:
        for file in sorted(path for path in (_ROOT / package).rglob("*") if path.suffix in _SUFFIXES):
            digest.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
