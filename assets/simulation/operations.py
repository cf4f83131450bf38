"""How upgrades go: outcomes, durations and retries of the operations of a day.

Belongs here: what becomes of an attempt when nothing special happens, and applying what incidents do to
it.
Does not belong here: who is upgraded to what (`demand.py`), what goes wrong on purpose (`incidents.py`),
how operations are reported (`events.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assets.simulation.constants import read_constants
from assets.simulation.demand import AUTOMATIC_TRIGGERS, Demand, Requests
from assets.simulation.fleet import CONTROL_PLANE_POSITION, Fleet, Workload
from assets.simulation.incidents import Effect, Incidents
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.releases import Catalogue, Offer
from assets.simulation.rows import Bools, Floats, Ints, Rows
from assets.simulation.vocabulary import (
    CANCELLED,
    CONTROL_PLANE,
    FAILED,
    NODE_IMAGE,
    NODE_POOL,
    NONE,
    SCOPES,
    SKIPPED,
    SUCCEEDED,
    SUPERSEDED,
)

NEVER_STARTED, STUCK = -2, -3
"""Endings without a terminal event, beside the terminal event types: announced only, and started only."""

BLOCKED_BY_API = "UpgradeBlockedOnDeprecatedAPIUsage"


@dataclass(frozen=True)
class Duration:
    fixed_minutes: float
    minutes_per_node: float
    exponent: float
    sigma: float


@dataclass(frozen=True)
class FailureKind:
    code: str
    message: str
    responsibility: str
    providers: tuple[str, ...]
    scopes: tuple[str, ...]
    weight: float
    minutes: float
    is_preflight: bool
    retry_failure_ratio: float


@dataclass(frozen=True)
class OperationConstants:
    """The shape of `operations.yaml`, where the numbers are explained."""

    failed_ratio: float
    day_sigma: float
    responsibility_mix: dict[str, float]
    blocked_by_api_ratio: float
    cancelled_ratio: float
    superseded_ratio: float
    skipped_ratio: float
    never_started_ratio: float
    stuck_ratio: float
    stuck_days: tuple[int, ...]
    wrong_version_ratio: float
    early_end_ratio: float
    retry_ratio: float
    most_attempts: int
    manual_retry_hours: float
    automatic_retry_days: float
    control_plane: Duration
    node_pool: Duration
    node_image: Duration
    failure_sigma: float
    failures: tuple[FailureKind, ...]


@dataclass
class Operations(Rows):
    """Operations of one day, one row each; moments are seconds since the first midnight, NONE for never.

    `serial` counts the operations of the simulation from 1; `upgrade` is the serial of the upgrade's first
    attempt; `outcome` a terminal event type, NONE while it has none; `failure` the position of the failure
    kind, NONE unless it failed; `runs_target` whether the new version really runs afterwards.
    """

    serial: Ints
    upgrade: Ints
    resource: Ints
    scope: Ints
    from_version: Ints
    to_version: Ints
    trigger: Ints
    scheduled_at: Ints
    started_at: Ints
    finished_at: Ints
    outcome: Ints
    failure: Ints
    runs_target: Bools


@dataclass(frozen=True)
class _Setting:
    """Where the requested upgrades take place, as codes of shape (requests,)."""

    provider: Ints
    region: Ints
    workload: Ints
    scope: Ints
    nodes: Ints
    from_version: Ints


class Upgrader:
    """Upgrades the fleet day after day; days are drawn in order, each once."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        catalogue: Catalogue,
        incidents: Incidents,
        demand: Demand,
        rng: np.random.Generator,
    ) -> None:
        self.constants = read_constants("operations", OperationConstants)
        self._fleet = fleet
        self._catalogue = catalogue
        self._incidents = incidents
        self._demand = demand
        self._rng = rng
        self._next_serial = 1
        self._failure_factor = _relative_factor(fleet, lambda workload: workload.failure_factor)
        self._duration_factor = _relative_factor(fleet, lambda workload: workload.duration_factor)
        self._provider_duration_factor = np.array([provider.duration_factor for provider in fleet.providers])
        self._kind_of_code = {kind.code: position for position, kind in enumerate(self.constants.failures)}
        self._kind_chances = [
            [_kind_chances(self.constants, provider.name, scope) for scope in SCOPES] for provider in fleet.providers
        ]
        self._retries = Requests.empty()

    def day(self, day: int) -> Operations:
        """The operations opened on a simulated day (0 is the first), in no particular order."""
        offer = self._catalogue.offer(day)
        sigma = self.constants.day_sigma
        weather = self._rng.lognormal(-(sigma**2) / 2, sigma, len(self._fleet.regions))
        requests = Requests.concat([self._demand.first_attempts(day, offer), self._due_retries(day, offer)])
        drawn = []
        while True:  # a retry may fall on the same day as the attempt it repeats
            operations, retries = self._carry_out(requests, weather)
            drawn.append(operations)
            is_today = retries.start < (day + 1) * DAY_SECONDS
            self._retries = Requests.concat([self._retries, retries.take(~is_today)])
            requests = retries.take(is_today)
            if not len(requests):
                return Operations.concat(drawn)

    def _due_retries(self, day: int, offer: Offer) -> Requests:
        """Retries that start on this day; where a newer build came out meanwhile, that is tried afresh."""
        is_due = self._retries.start < (day + 1) * DAY_SECONDS
        due, self._retries = self._retries.take(is_due), self._retries.take(~is_due)
        newest = self._demand.newest_of_same_minor(due.resource, due.target, offer)
        is_overtaken = newest > due.target
        due.target = newest
        due.upgrade = np.where(is_overtaken, NONE, due.upgrade)
        due.attempt = np.where(is_overtaken, 1, due.attempt)
        return due

    def _carry_out(self, requests: Requests, weather: Floats) -> tuple[Operations, Requests]:
        """What comes of the requests, and the retries that their failures call for."""
        count = len(requests)
        setting = self._setting(requests)
        effect = self._incidents.effect(
            start=requests.start,
            region=setting.region,
            workload=setting.workload,
            version=requests.target,
            scope=setting.scope,
        )
        ending, failure = self._endings(requests, setting, effect, weather)
        serial = np.arange(self._next_serial, self._next_serial + count)
        self._next_serial += count
        has_outcome = ending > NONE
        finish = requests.start + self._seconds(setting, effect, ending, failure)
        operations = Operations(
            serial=serial,
            upgrade=np.where(requests.upgrade == NONE, serial, requests.upgrade),
            resource=requests.resource,
            scope=setting.scope,
            from_version=setting.from_version,
            to_version=requests.target,
            trigger=requests.stated_trigger,
            scheduled_at=requests.scheduled_at,
            started_at=np.where(self._never_starts(requests, ending, failure), NONE, requests.start),
            finished_at=np.where(has_outcome, finish, NONE),
            outcome=np.where(has_outcome, ending, NONE),
            failure=failure,
            runs_target=(ending == SUCCEEDED) & (self._rng.random(count) >= self.constants.wrong_version_ratio),
        )
        self._settle(operations, ending, finish)
        return operations, self._retries_of(requests, operations)

    def _setting(self, requests: Requests) -> _Setting:
        fleet, resource = self._fleet, requests.resource
        region = fleet.region[fleet.cluster[resource]]
        is_plane = fleet.position[resource] == CONTROL_PLANE_POSITION
        is_image = self._catalogue.minor[requests.target] == NONE
        return _Setting(
            provider=fleet.provider_of_region[region],
            region=region,
            workload=fleet.resource_workload[resource],
            scope=np.select([is_plane, is_image], [CONTROL_PLANE, NODE_IMAGE], NODE_POOL),
            nodes=fleet.node_count[resource],
            from_version=np.where(is_image, self._demand.image[resource], self._demand.build[resource]),
        )

    def _endings(self, requests: Requests, setting: _Setting, effect: Effect, weather: Floats) -> tuple[Ints, Ints]:
        """How each ends (a terminal event type, NEVER_STARTED or STUCK), and the kind of a failure or NONE."""
        constants, rng, count = self.constants, self._rng, len(requests)
        ratio = constants.failed_ratio * self._failure_factor[setting.workload] * weather[setting.region]
        by_itself = rng.random(count) < np.maximum(ratio, requests.persists)
        by_incident = rng.random(count) < effect.failure_ratio
        by_api = self._uses_removed_api(requests, setting) & (rng.random(count) < constants.blocked_by_api_ratio)
        ending = np.where(by_itself | by_incident | by_api, FAILED, SUCCEEDED)

        chances = {
            CANCELLED: constants.cancelled_ratio,
            SUPERSEDED: constants.superseded_ratio,
            STUCK: constants.stuck_ratio,
            SKIPPED: constants.skipped_ratio,
            NEVER_STARTED: constants.never_started_ratio,
        }
        draw = rng.random(count)
        is_announced = requests.scheduled_at != NONE
        edge = 0.0
        for special, chance in chances.items():
            happens = (draw >= edge) & (draw < edge + chance)
            if special in (SKIPPED, NEVER_STARTED):  # nobody would know of them without an announcement
                happens &= is_announced
            ending[happens] = special
            edge += chance

        fails = ending == FAILED
        failure = self._failure_kinds(fails, setting)
        failure[fails & by_api] = self._kind_of_code[BLOCKED_BY_API]
        cause = np.where(fails & by_incident, effect.cause, NONE)
        for position, incident in enumerate(self._incidents.planted):
            if incident.error_code:
                failure[cause == position] = self._kind_of_code[incident.error_code]
        self._incidents.count_failures(cause)
        return ending, failure

    def _uses_removed_api(self, requests: Requests, setting: _Setting) -> Bools:
        minor = self._catalogue.minor
        is_new_minor = (setting.scope == CONTROL_PLANE) & (minor[requests.target] > minor[setting.from_version])
        uses_api: Bools = self._fleet.api_features[self._fleet.cluster[requests.resource]] > 0
        return is_new_minor & uses_api

    def _failure_kinds(self, fails: Bools, setting: _Setting) -> Ints:
        """A failure kind that provider and scope know for each operation that fails, NONE for the others."""
        kinds = np.full(len(fails), NONE)
        failed = np.flatnonzero(fails)
        for provider, chances_of_scope in enumerate(self._kind_chances):
            for scope, chances in enumerate(chances_of_scope):
                rows = failed[(setting.provider[failed] == provider) & (setting.scope[failed] == scope)]
                if len(rows):
                    kinds[rows] = self._rng.choice(len(chances), size=len(rows), p=chances)
        return kinds

    def _seconds(self, setting: _Setting, effect: Effect, ending: Ints, failure: Ints) -> Ints:
        """How long each operation takes from its start to its end, at least one second."""
        rng, count = self._rng, len(ending)
        laws = [self.constants.control_plane, self.constants.node_pool, self.constants.node_image]
        fixed, per_node, exponent, sigma = np.array(
            [[law.fixed_minutes, law.minutes_per_node, law.exponent, law.sigma] for law in laws]
        ).T
        scope = setting.scope
        minutes = fixed[scope] + per_node[scope] * setting.nodes ** exponent[scope]
        minutes *= np.where(scope == CONTROL_PLANE, 1.0, self._duration_factor[setting.workload])
        minutes *= self._provider_duration_factor[setting.provider] * effect.duration_factor
        minutes *= np.exp(sigma[scope] * rng.standard_normal(count))
        minutes *= np.where((ending == SUCCEEDED) | (ending == FAILED), 1.0, rng.random(count))
        failed = np.flatnonzero(ending == FAILED)
        until_failure = np.array([kind.minutes for kind in self.constants.failures])[failure[failed]]
        minutes[failed] = until_failure * rng.lognormal(0.0, self.constants.failure_sigma, len(failed))
        return np.maximum(60 * minutes, 1).astype(np.int64)

    def _never_starts(self, requests: Requests, ending: Ints, failure: Ints) -> Bools:
        """Which operations have no start: those only announced, and some that ended before any node was touched."""
        is_preflight = np.array([*(kind.is_preflight for kind in self.constants.failures), False])[failure]
        ends_early = is_preflight | ((ending == CANCELLED) & (requests.scheduled_at != NONE))
        ends_early &= self._rng.random(len(ending)) < self.constants.early_end_ratio
        return ends_early | np.isin(ending, (SKIPPED, NEVER_STARTED))

    def _settle(self, operations: Operations, ending: Ints, finish: Ints) -> None:
        """Brings the state of the resources up to date."""
        demand, resource = self._demand, operations.resource
        is_image = operations.scope == NODE_IMAGE
        for state, changed in (
            (demand.build, operations.runs_target & ~is_image),
            (demand.image, operations.runs_target & is_image),
        ):
            state[resource[changed]] = operations.to_version[changed]
        demand.free_at[resource] = finish
        stuck = resource[ending == STUCK]
        least, most = self.constants.stuck_days
        demand.free_at[stuck] += self._rng.integers(least, most, len(stuck)) * DAY_SECONDS

    def _retries_of(self, requests: Requests, operations: Operations) -> Requests:
        """The next attempts at what failed; a resource stays reserved for its retry."""
        constants, rng = self.constants, self._rng
        rows = np.flatnonzero((operations.outcome == FAILED) & (requests.attempt < constants.most_attempts))
        rows = rows[rng.random(len(rows)) < constants.retry_ratio]
        retries = requests.take(rows)
        waits = np.where(
            np.isin(retries.trigger, AUTOMATIC_TRIGGERS),
            constants.automatic_retry_days * DAY_SECONDS * rng.uniform(0.5, 1.5, len(rows)),
            constants.manual_retry_hours * 3600 * rng.standard_exponential(len(rows)),
        )
        retries.start = operations.finished_at[rows] + 60 + waits.astype(np.int64)
        retries.scheduled_at = np.full(len(rows), NONE)
        retries.upgrade = operations.upgrade[rows]
        retries.attempt = retries.attempt + 1
        persistence = np.array([kind.retry_failure_ratio for kind in constants.failures])
        retries.persists = persistence[operations.failure[rows]]
        self._demand.free_at[retries.resource] = retries.start + 1
        return retries


def _relative_factor(fleet: Fleet, factor: Callable[[Workload], float]) -> Floats:
    """A factor of the workloads divided by its share-weighted mean, of shape (workloads,)."""
    factors = np.array([factor(workload) for workload in fleet.workloads])
    shares = np.array([workload.share for workload in fleet.workloads])
    relative: Floats = factors / np.average(factors, weights=shares)
    return relative


def _kind_chances(constants: OperationConstants, provider: str, scope: str) -> Floats:
    """The chance of each failure kind at a provider and scope, of shape (kinds,).

    The mix of responsibilities holds as far as provider and scope have a failure kind of each.
    """
    chances = np.array([kind.weight * (provider in kind.providers) * (scope in kind.scopes) for kind in constants.failures])
    for responsibility, share in constants.responsibility_mix.items():
        is_theirs = np.array([kind.responsibility == responsibility for kind in constants.failures])
        total = chances[is_theirs].sum()
        if total:
            chances[is_theirs] *= share / total
    if not chances.sum():
        # The provider has no such scope (no node images): nothing is ever drawn.
        return np.full(len(chances), 1 / len(chances))
    normalised: Floats = chances / chances.sum()
    return normalised
