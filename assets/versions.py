"""The order of versions as Kubernetes and its distributions write them.

Belongs here: which of two versions comes first.
Does not belong here: how a version is written, which stays as it was delivered (`assets/telemetry/`), the minors of operations
(`assets/upgrades/sql/`), how a page lists versions (`assets/reports/slices.py`).

Source: Semantic Versioning 2.0.0, clause 11, https://semver.org/#spec-item-11
"""

import re
from typing import TypeAlias

# Whether it is a word (numbers come before words), how many digits it has (so that no number is too long to compare), its text.
_Part: TypeAlias = tuple[bool, int, str]
Precedence: TypeAlias = tuple[tuple[_Part, ...], bool, tuple[_Part, ...], tuple[_Part, ...]]

_VERSION = re.compile(r"(?:v(?=[0-9]))?([0-9]+(?:\.[0-9]+)*)?([^+]*)(.*)", re.DOTALL)
_PARTS = re.compile(r"0*([0-9]+)|([^0-9.+-]+)")
# By semver, 1.29.1-gke.1589017, 1.30.4-eks-a737599 and 1.26.4-20230526 were pre-releases; the providers mean builds of releases.
_BUILD = re.compile(r"-(?:gke|eks|[0-9]{8})(?![0-9a-z])")


def precedence(version: str) -> Precedence:
    """What versions sort by: 1.9, 1.10, 4.14.0-ec.4, 4.14.0-rc.0, 4.14.0 is their order.

    Spellings of one version are equal, such as v1.31.2 and 1.31.2. A minor (1.26) comes before its patches (1.26.0), a release
    before its builds (1.26.4-20230526), and a text that begins with no number before all versions.
    """
    match = _VERSION.match(version)
    assert match is not None  # even the empty text has an empty suffix and no build
    release, suffix, build = match.groups(default="")
    is_prerelease = suffix.startswith("-") and not _BUILD.match(suffix)
    return _parts(release), not is_prerelease, _parts(suffix), _parts(build)


def _parts(text: str) -> tuple[_Part, ...]:
    return tuple((not digits, len(digits), digits or word) for digits, word in _PARTS.findall(text))
