"""The planted incidents: which operations they touch, what they do to them, and how the truth tells it.

Belongs here: the slice, the period and the effect of each incident, and counting what it touched.
Does not belong here: healthy behaviour (`operations.py`), the builds that an incident is about
(`releases.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from assets.simulation.constants import read_constants
from assets.simulation.fleet import Fleet
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.releases import Catalogue, RegressedRelease, SecurityRelease
from assets.simulation.rows import Bools, Floats, Ints
from assets.simulation.vocabulary import SCOPES


@dataclass(frozen=True)
class Regression:
    name: str
    summary: str
    provider: str
    regions: tuple[str, ...]
    workload_type: str
    minors_behind: int
    released_day: int
    fix_released_day: int
    last_day: int
    failure_ratio: float
    error_code: str


@dataclass(frozen=True)
class Outage:
    name: str
    summary: str
    provider: str
    regions: tuple[str, ...]
    scopes: tuple[str, ...]
    first_day: int
    first_hour: int
    last_day: int
    last_hour: int
    failure_ratio: float
    error_code: str


@dataclass(frozen=True)
class SlowDrain:
    name: str
    summary: str
    provider: str
    regions: tuple[str, ...]
    workload_type: str
    scopes: tuple[str, ...]
    first_day: int
    last_day: int
    duration_factor: float


@dataclass(frozen=True)
class SecurityWave:
    name: str
    summary: str
    cve: str
    severity: str
    provider: str
    first_day: int
    last_day: int
    daily_ratio: float


@dataclass(frozen=True)
class IncidentPlan:
    """The shape of `incidents.yaml`, where the numbers are explained; day 0 is the last one."""

    release_regression: Regression
    capacity_outage: Outage
    slow_drain: SlowDrain
    security_wave: SecurityWave

    def regressed_release(self, *, days: int) -> RegressedRelease:
        plan = self.release_regression
        last_day = days - 1
        return RegressedRelease(
            provider=plan.provider,
            minors_behind=plan.minors_behind,
            released=last_day + plan.released_day,
            fix_released=last_day + plan.fix_released_day,
        )

    def security_release(self, *, days: int) -> SecurityRelease:
        plan = self.security_wave
        return SecurityRelease(provider=plan.provider, released=days - 1 + plan.first_day)


def read_plan() -> IncidentPlan:
    return read_constants("incidents", IncidentPlan)


@dataclass
class Incident:
    """One planted incident: it touches operations that lie in its period and in every given dimension.

    The period is half-open, in seconds since the first simulated midnight, and holds the start of an
    operation. A dimension is a tuple of codes, None when the incident does not ask for it.
    `wave_daily_ratio`: the share of what still waits for one of `versions` that is upgraded on each of its
    days. `facts` are further keys of its entry in the truth file. The counts grow while operations are drawn.
    """

    kind: str
    name: str
    summary: str
    starts: int
    ends: int
    regions: tuple[int, ...]
    workloads: tuple[int, ...] | None = None
    versions: tuple[int, ...] | None = None
    scopes: tuple[int, ...] | None = None
    failure_ratio: float = 0.0
    error_code: str = ""
    duration_factor: float = 1.0
    wave_daily_ratio: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    operations_touched: int = 0
    failures_caused: int = 0

    def touches(self, *, start: Ints, region: Ints, workload: Ints, version: Ints, scope: Ints) -> Bools:
        """Which operations it touches; all arguments of shape (operations,)."""
        touched: Bools = (start >= self.starts) & (start < self.ends) & np.isin(region, self.regions)
        for accepted, codes in ((self.workloads, workload), (self.versions, version), (self.scopes, scope)):
            if accepted is not None:
                touched &= np.isin(codes, accepted)
        return touched


@dataclass(frozen=True)
class Effect:
    """What the incidents do to some operations, all arrays of shape (operations,).

    `failure_ratio`: the chance to fail because of an incident; `duration_factor`: how much longer it takes;
    `cause`: the position of the incident that may make it fail, -1 for none.
    """

    failure_ratio: Floats
    duration_factor: Floats
    cause: Ints


class Incidents:
    """The incidents of one simulation, in the order of the truth file."""

    def __init__(self, planted: Sequence[Incident]) -> None:
        self.planted = tuple(planted)

    def effect(self, *, start: Ints, region: Ints, workload: Ints, version: Ints, scope: Ints) -> Effect:
        effect = Effect(
            failure_ratio=np.zeros(len(start)),
            duration_factor=np.ones(len(start)),
            cause=np.full(len(start), -1),
        )
        for position, incident in enumerate(self.planted):
            touched = incident.touches(start=start, region=region, workload=workload, version=version, scope=scope)
            incident.operations_touched += int(touched.sum())
            effect.duration_factor[touched] *= incident.duration_factor
            if incident.failure_ratio:
                effect.failure_ratio[touched] = incident.failure_ratio
                effect.cause[touched] = position
        return effect

    def count_failures(self, cause: Ints) -> None:
        """Takes note of failures by the position of the incident that caused them."""
        for position, incident in enumerate(self.planted):
            incident.failures_caused += int((cause == position).sum())


def plant_incidents(plan: IncidentPlan, *, fleet: Fleet, catalogue: Catalogue, end: date, days: int) -> Incidents:
    """The incidents of the plan whose days are all simulated."""
    planted = [
        _regression(plan.release_regression, fleet, catalogue, end, days),
        _outage(plan.capacity_outage, fleet, days),
        _slow_drain(plan.slow_drain, fleet, days),
        _security_wave(plan.security_wave, fleet, catalogue, end, days),
    ]
    return Incidents([incident for incident in planted if incident.starts >= 0])


def describe(incident: Incident, *, fleet: Fleet, catalogue: Catalogue, first_day: date) -> dict[str, Any]:
    """An entry of the truth file: days and moments in UTC, the slice in the names of `slo_status`."""
    midnight = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    starts_at = midnight + timedelta(seconds=incident.starts)
    ends_at = midnight + timedelta(seconds=incident.ends)
    dimensions: dict[str, list[str]] = {
        "provider": [fleet.providers[fleet.provider_of_region[incident.regions[0]]].name],
        "region": [fleet.regions[code].name for code in incident.regions],
        "workload_type": [fleet.workloads[code].name for code in incident.workloads or ()],
        "to_version": [catalogue.versions[code] for code in incident.versions or ()],
        "scope": [SCOPES[code] for code in incident.scopes or ()],
    }
    return {
        "name": incident.name,
        "kind": incident.kind,
        "summary": incident.summary,
        "first_day": starts_at.date().isoformat(),
        "last_day": (ends_at - timedelta(seconds=1)).date().isoformat(),
        "starts_at": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "ends_at": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "slice": {dimension: names for dimension, names in dimensions.items() if names},
        "failure_ratio": incident.failure_ratio,
        "duration_factor": incident.duration_factor,
        "error_code": incident.error_code or None,
        "operations_touched": incident.operations_touched,
        "failures_caused": incident.failures_caused,
        **incident.facts,
    }


def _regression(plan: Regression, fleet: Fleet, catalogue: Catalogue, end: date, days: int) -> Incident:
    regions = fleet.region_codes(plan.provider, plan.regions)
    rings = fleet.ring_of_region[list(regions)]
    arrives = catalogue.available[catalogue.regressed, rings]
    fixed = catalogue.available[catalogue.fix, rings]
    return Incident(
        kind="release_regression",
        name=plan.name,
        summary=plan.summary,
        starts=int(arrives.min()) * DAY_SECONDS,
        ends=(days + plan.last_day) * DAY_SECONDS,
        regions=regions,
        workloads=fleet.workload_codes((plan.workload_type,)),
        versions=(catalogue.regressed,),
        failure_ratio=plan.failure_ratio,
        error_code=plan.error_code,
        facts={
            "fixed_version": catalogue.versions[catalogue.fix],
            "offered_from": _dates_by_region(fleet, regions, arrives - (days - 1), end),
            "fix_offered_from": _dates_by_region(fleet, regions, fixed - (days - 1), end),
        },
    )


def _outage(plan: Outage, fleet: Fleet, days: int) -> Incident:
    return Incident(
        kind="capacity_outage",
        name=plan.name,
        summary=plan.summary,
        starts=(days - 1 + plan.first_day) * DAY_SECONDS + plan.first_hour * 3600,
        ends=(days - 1 + plan.last_day) * DAY_SECONDS + plan.last_hour * 3600,
        regions=fleet.region_codes(plan.provider, plan.regions),
        scopes=tuple(SCOPES.index(scope) for scope in plan.scopes),
        failure_ratio=plan.failure_ratio,
        error_code=plan.error_code,
    )


def _slow_drain(plan: SlowDrain, fleet: Fleet, days: int) -> Incident:
    return Incident(
        kind="slow_drain",
        name=plan.name,
        summary=plan.summary,
        starts=(days - 1 + plan.first_day) * DAY_SECONDS,
        ends=(days + plan.last_day) * DAY_SECONDS,
        regions=fleet.region_codes(plan.provider, plan.regions),
        workloads=fleet.workload_codes((plan.workload_type,)),
        scopes=tuple(SCOPES.index(scope) for scope in plan.scopes),
        duration_factor=plan.duration_factor,
    )


def _security_wave(plan: SecurityWave, fleet: Fleet, catalogue: Catalogue, end: date, days: int) -> Incident:
    fixed = tuple(int(code) for code in np.flatnonzero(catalogue.is_security))
    announced = end + timedelta(days=plan.first_day)
    return Incident(
        kind="security_wave",
        name=plan.name,
        summary=plan.summary,
        starts=(days - 1 + plan.first_day) * DAY_SECONDS,
        ends=(days + plan.last_day) * DAY_SECONDS,
        regions=fleet.region_codes(plan.provider, ()),
        versions=fixed,
        wave_daily_ratio=plan.daily_ratio,
        facts={
            "trigger": "security",
            "cve": plan.cve.format(year=announced.year),
            "severity": plan.severity,
            "embargo_lift": f"{announced.isoformat()}T00:00:00Z",
        },
    )


def _dates_by_region(fleet: Fleet, regions: tuple[int, ...], days: Ints, end: date) -> dict[str, str]:
    """Dates by the name of a region, from days counted from the last one."""
    return {
        fleet.regions[code].name: (end + timedelta(days=int(day))).isoformat() for code, day in zip(regions, days, strict=True)
    }
