"""The version catalogue: what each provider has released, and until when it supports it.

Belongs here: reading `reference/versions.yaml`, whether a version is supported on a day, how far it is behind the newest minor.
Does not belong here: reading the folder (`assets/reference.py`), the order of versions (`assets/versions.py`), what a report says
of it (`assets/reports/support.py`).

Days are whole: what has its end of life on a day is supported until that day ends (UTC). Providers differ, in their days as in
their minors, so that nothing is ever looked up in another provider's releases.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import pairwise

from assets import yaml_source
from assets.reference import VERSIONS, ReferenceData, ReferenceDataError
from assets.versions import Precedence, precedence
from assets.yaml_fields import Fields, Found, Place, Problem, shown

_FIELDS = ("provider", "minor", "version", "released", "end_of_life", "extended_end_of_life", "source")
_MINOR = re.compile(r"v?([0-9]{1,9})\.([0-9]{1,9})(?![0-9])")
_PATCH = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]\S*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_ACCEPTED = "a day such as 2026-11-30"


class Support(Enum):
    """What a provider does for a version on a day; `UNKNOWN` where the catalogue does not say."""

    SUPPORTED = "supported"
    EXTENDED = "in extended support"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Release:
    """One minor or version of a provider; `name` as written.

    `end_of_life`, `extended_end_of_life`: the last day of either support; None is not known, which is not never. `has_ended`: the
    end of life is past, on a day that the catalogue does not name. `source`: where the row comes from, if it says.
    """

    provider: str
    name: str
    is_minor: bool
    released: date
    end_of_life: date | None = None
    has_ended: bool = False
    extended_end_of_life: date | None = None
    source: str = ""

    def support(self, day: date) -> Support:
        """The support at the end of `day`; of what was not released by then nothing is known."""
        end, extended = self.end_of_life, self.extended_end_of_life
        if day < self.released:
            return Support.UNKNOWN
        if extended is not None and day > extended:
            return Support.UNSUPPORTED
        if self.has_ended or (end is not None and day > end):
            return Support.UNSUPPORTED if extended is None else Support.EXTENDED
        return Support.UNKNOWN if end is None else Support.SUPPORTED


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Releases by provider and place in the order of versions, so that v1.31.2 finds 1.31.2."""

    releases: Mapping[tuple[str, Precedence], Release]

    def support(self, provider: str, version: str, day: date) -> Support:
        """Of the version's own row, else of its minor's: the first that knows."""
        for name in (version, minor_of(version) or version):
            release = self.releases.get((provider, precedence(name)))
            if release and (known := release.support(day)) is not Support.UNKNOWN:
                return known
        return Support.UNKNOWN

    def newest_minor(self, provider: str, day: date) -> str | None:
        """The newest minor that the provider had released by the end of `day`; None when the catalogue has none."""
        minors = {
            order: each.name
            for (owner, order), each in self.releases.items()
            if owner == provider and each.is_minor and each.released <= day
        }
        return minors[max(minors)] if minors else None

    def minors_behind(self, provider: str, version: str, day: date) -> int | None:
        """How many minors the version is behind the newest one of its provider; negative when it is ahead of that.

        None when it is not known: for a version that begins with no minor, a provider without minors, and across major versions,
        where the number of minors between them does not follow from their names.
        """
        found, newest = _MINOR.match(version), self.newest_minor(provider, day)
        last = _MINOR.match(newest) if newest else None
        if found is None or last is None or int(found[1]) != int(last[1]):
            return None
        return int(last[2]) - int(found[2])


def minor_of(version: str) -> str | None:
    """`1.31` of `v1.31.2-gke.1100`; None of what begins with no minor."""
    found = _MINOR.match(version)
    return f"{found[1]}.{found[2]}" if found else None


def read_catalogue(reference: ReferenceData) -> Catalogue | None:
    """The catalogue in the reference data; None when there is none.

    Raises:
        ReferenceDataError: with every problem of the file, by line and field.
    """
    if VERSIONS not in reference.files:
        return None
    file = f"reference/{VERSIONS}"
    source = yaml_source.read_yaml(reference.files[VERSIONS])
    problems = [Problem(file, flaw.line, "file", flaw.read, flaw.accepted) for flaw in source.flaws]
    releases: dict[tuple[str, Precedence], tuple[Place, Release]] = {}
    for number, document in enumerate(source.documents):
        if number:
            problems.append(Problem(file, document.line, "file", "another document", "one, with all releases in its list"))
            break
        for place, release in _releases(document, file, problems):
            key = release.provider, precedence(release.name)
            first, _ = releases.setdefault(key, (place, release))
            if first != place:
                read = f"{release.name} of {release.provider} a second time (first on line {first.line})"
                problems.append(place.problem(read=read, accepted="each minor and version of a provider once"))
    if problems:
        raise ReferenceDataError(problems)
    return Catalogue({key: release for key, (_, release) in releases.items()})


def _releases(document: yaml_source.Node, file: str, problems: list[Problem]) -> list[tuple[Place, Release]]:
    """The rows of the list `versions` that could be read, with their places."""
    place = Place(file, document.line, "file")
    rows = "a list of releases, each with provider, minor or version, and released"
    if not isinstance(document, yaml_source.Mapping):
        problems.append(place.problem(read=shown(document), accepted=f"a mapping of versions: {rows}"))
        return []
    top = Fields(problems=problems, mapping=document, place=Place(file, document.line, ""), accepted=("versions",))
    listed = top.items("versions", accepted=rows, required=True)
    if listed == []:
        top.report("versions", read="an empty list", accepted=rows)
    found = []
    for at, node in listed or []:
        if not isinstance(node, yaml_source.Mapping):
            problems.append(at.problem(read=shown(node), accepted=f"a mapping of {', '.join(_FIELDS)}"))
        elif release := _release(Fields(problems=problems, mapping=node, place=at, accepted=_FIELDS)):
            found.append((at, release))
    return found


def _release(fields: Fields) -> Release | None:
    """The release that a row writes; None when something that it must say is missing or wrong."""
    provider = fields.text("provider", accepted="a provider as the events name it, such as aks", required=True, fits=_is_bare)
    fields.exactly_one("minor", "version")
    minor = fields.text("minor", accepted='a minor such as "1.31"', fits=_MINOR.fullmatch)
    version = fields.text("version", accepted="a version such as 1.31.2; a minor goes under minor", fits=_PATCH.fullmatch)
    released = _day(fields, "released", required=True)
    end = fields.node("end_of_life")
    said = end.boolean if isinstance(end, yaml_source.Scalar) else None
    end_of_life = None if said is not None else _day(fields, "end_of_life", more=", true (it is past) or false (none is known)")
    extended = _day(fields, "extended_end_of_life")
    source = fields.text("source")
    name = minor or version
    if provider is None or name is None or released is None:
        return None
    _in_order(fields, released=released, end_of_life=end_of_life, extended_end_of_life=extended)
    return Release(
        provider=provider.value,
        name=name.value,
        is_minor=minor is not None,
        released=released.value,
        end_of_life=end_of_life.value if end_of_life else None,
        has_ended=said is True,
        extended_end_of_life=extended.value if extended else None,
        source=source.value if source else "",
    )


def _is_bare(text: str) -> bool:
    return bool(text) and text == text.strip()


def _day(fields: Fields, name: str, *, required: bool = False, more: str = "") -> Found[date] | None:
    found = fields.text(name, accepted=_DAY_ACCEPTED + more, required=required, fits=_as_day)
    day = _as_day(found.value) if found else None
    return Found(day, found.place) if found and day else None


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _in_order(fields: Fields, **days: Found[date] | None) -> None:
    """A release comes before its end of life, and that before the end of extended support."""
    known = [(name, found.value) for name, found in days.items() if found]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            fields.report(later, read=str(second), accepted=f"a day that is not before {earlier}, {first}")
