"""The version catalogue: which builds exist, when, and in which region they are offered on a day.

Belongs here: minor releases, patch builds, node images, and the rings in which they roll out.
Does not belong here: who takes them when (`demand.py`), what is wrong with them (`incidents.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assets.simulation.constants import read_constants
from assets.simulation.fleet import Fleet, Provider
from assets.simulation.rows import Bools, Ints

BUILDS_BEFORE_FIRST_DAY = 4
"""How many builds of a minor release, and images, from before the first day can still be running on it."""


@dataclass(frozen=True)
class ReleaseConstants:
    """The shape of `releases.yaml`, where the numbers are explained."""

    newest_minor_before_end_days: int
    days_between_minors: int
    supported_days: int
    days_between_builds: int
    days_between_images: int
    ring_delay_days: tuple[int, ...]
    minor_ring_delay_days: tuple[int, ...]
    image_ring_delay_days: tuple[int, ...]
    security_ring_delay_days: tuple[int, ...]


@dataclass(frozen=True)
class RegressedRelease:
    """A build of one minor release after which nothing is published but its fix; days are simulation days."""

    provider: str
    minors_behind: int
    released: int
    fix_released: int


@dataclass(frozen=True)
class SecurityRelease:
    """A day on which a provider publishes a build of every supported minor release."""

    provider: str
    released: int


@dataclass(frozen=True)
class Offer:
    """What regions offer on one day: version codes, -1 where there is none yet.

    `builds` (regions, minors): the newest build of a minor release; `images` (regions,): the newest node
    image.
    """

    builds: Ints
    images: Ints


@dataclass(frozen=True)
class Catalogue:
    """Every version of the simulation; a version is known by its code, its position in `versions`.

    Codes of one provider's builds ascend by minor release and patch, those of its images by date, so that of
    two codes of a kind the greater is the newer. Arrays of shape (versions,): `provider`, `minor` (a position
    in `minors`, -1 for an image), `is_security`. `available` (versions, rings): the simulation day on which a
    ring is offered it, counted from the first day, negative before it. `minor_available` (minors, rings)
    likewise for taking up a new minor.
    """

    versions: tuple[str, ...]
    minors: tuple[int, ...]
    provider: Ints
    minor: Ints
    is_security: Bools
    available: Ints
    minor_available: Ints
    regressed: int
    fix: int
    ring_of_region: Ints
    provider_of_region: Ints

    def offer(self, day: int) -> Offer:
        provider_count, minor_count = int(self.provider.max()) + 1, len(self.minors)
        ring_count = self.available.shape[1]
        # One row of codes per (provider, ring); the last column collects images.
        newest = np.full((provider_count, ring_count, minor_count + 1), -1, np.int64)
        codes, rings = np.nonzero(self.available <= day)
        np.maximum.at(newest, (self.provider[codes], rings, self.minor[codes]), codes)  # minor -1: the last column
        by_region = newest[self.provider_of_region, self.ring_of_region]
        return Offer(builds=by_region[:, :-1], images=by_region[:, -1])

    def oldest_build(self, provider: Ints, minor: Ints) -> Ints:
        """The oldest build of a minor release at a provider, of the shape of both."""
        oldest = np.full((int(self.provider.max()) + 1, len(self.minors)), len(self.versions))
        builds = np.flatnonzero(self.minor >= 0)
        np.minimum.at(oldest, (self.provider[builds], self.minor[builds]), builds)
        return oldest[provider, minor]

    def newest_wanted_minor(self, *, day: int, region: Ints, patience_days: Ints) -> Ints:
        """The newest minor release that clusters of these regions and patience would follow."""
        ring = self.ring_of_region[region]
        wanted = np.zeros(len(region), np.int64)
        for minor, available in enumerate(self.minor_available):
            wanted[available[ring] + patience_days <= day] = minor
        return wanted


@dataclass(frozen=True)
class _Version:
    """One version: `minor` as in Catalogue; `released` in the canary ring, `delays` of every ring after that, in days."""

    name: str
    provider: int
    minor: int
    released: int
    delays: tuple[int, ...]
    is_security: bool = False


def build_catalogue(fleet: Fleet, *, end: date, days: int, regressed: RegressedRelease, security: SecurityRelease) -> Catalogue:
    """The versions that can play a part in the `days` days up to `end`."""
    constants = read_constants("releases", ReleaseConstants)
    last_day = days - 1
    minor_released = _minor_days(fleet, last_day, constants)
    newest = kubernetes_minor(end)
    minors = tuple(range(newest - len(minor_released) + 1, newest + 1))
    regressed_minor = len(minors) - 1 - regressed.minors_behind
    versions: list[_Version] = []
    for code, provider in enumerate(fleet.providers):
        for minor, released in enumerate(minor_released):
            phase = (3 * code + 5 * minor) % constants.days_between_builds
            build_days = _build_days(released, last_day, phase, constants)
            security_day = None
            if provider.name == security.provider and released <= security.released < released + constants.supported_days:
                security_day = security.released
                build_days = sorted({*build_days, security_day})
            if provider.name == regressed.provider and minor == regressed_minor:
                quiet_from = regressed.released - constants.days_between_builds // 2
                build_days = [day for day in build_days if day < quiet_from]
                build_days += [regressed.released, regressed.fix_released]
            versions += [
                _Version(
                    name=_build_name(provider, minors[minor], patch),
                    provider=code,
                    minor=minor,
                    released=day,
                    delays=constants.security_ring_delay_days if day == security_day else constants.ring_delay_days,
                    is_security=day == security_day,
                )
                for patch, day in enumerate(build_days)
                if sum(later <= 0 for later in build_days[patch:]) <= BUILDS_BEFORE_FIRST_DAY
            ]
        if provider.node_image:
            versions += [
                _Version(
                    name=_image_name(provider, end - timedelta(days=last_day - day)),
                    provider=code,
                    minor=-1,
                    released=day,
                    delays=constants.image_ring_delay_days,
                )
                for day in _image_days(last_day, constants)
            ]

    def code_of(released: int) -> int:
        key = (regressed.provider, regressed_minor, released)
        keys = [(fleet.providers[version.provider].name, version.minor, version.released) for version in versions]
        return keys.index(key)

    return Catalogue(
        versions=tuple(version.name for version in versions),
        minors=minors,
        provider=np.array([version.provider for version in versions]),
        minor=np.array([version.minor for version in versions]),
        is_security=np.array([version.is_security for version in versions]),
        available=np.array([[version.released + delay for delay in version.delays] for version in versions]),
        minor_available=np.array(
            [[released + delay for delay in constants.minor_ring_delay_days] for released in minor_released]
        ),
        regressed=code_of(regressed.released),
        fix=code_of(regressed.fix_released),
        ring_of_region=fleet.ring_of_region,
        provider_of_region=fleet.provider_of_region,
    )


def kubernetes_minor(day: date) -> int:
    """The newest minor release at a date: 1.30 in April 2024 and one every four months, never below 1.20."""
    return max(20, 30 + 3 * (day.year - 2024) + (day.month - 4) // 4)


def _minor_days(fleet: Fleet, last_day: int, constants: ReleaseConstants) -> list[int]:
    """The simulation days of the minor releases, oldest first, back to what a laggard can run on the first day."""
    reach = len(fleet.constants.minors_behind) + 2
    days = [last_day - constants.newest_minor_before_end_days]
    while sum(day <= 0 for day in days) < reach:
        days.insert(0, days[0] - constants.days_between_minors)
    return days


def _build_days(released: int, last_day: int, phase: int, constants: ReleaseConstants) -> list[int]:
    """The days of a minor release's builds: its release, then regular ones while it is supported."""
    step = constants.days_between_builds
    until = min(released + constants.supported_days, last_day)
    first_regular = released + 1 + (last_day - phase - released - 1) % step
    return [released, *range(first_regular, until + 1, step)]


def _image_days(last_day: int, constants: ReleaseConstants) -> range:
    """The days of node images, the first of them so early that resources can be some behind on the first day."""
    step = constants.days_between_images
    return range(last_day % step - BUILDS_BEFORE_FIRST_DAY * step, last_day + 1, step)


def _image_name(provider: Provider, built: date) -> str:
    return provider.node_image.format(year=f"{built:%Y}", month=f"{built:%m}", day=f"{built:%d}")


def _build_name(provider: Provider, minor: int, patch: int) -> str:
    """A version as the provider writes it."""
    if provider.name == "openshift":
        return f"4.{minor + provider.kubernetes_minor_offset}.{patch}"
    upstream = f"1.{minor}.{patch}"
    if provider.name == "gke":
        return f"{upstream}-gke.{1000000 + 1000 * (minor * patch % 900 + 37)}"
    if provider.name == "eks":
        return f"{upstream}-eks-{(minor * 7919 + patch * 104729) * 2654435761 % 16**7:07x}"
    return upstream
