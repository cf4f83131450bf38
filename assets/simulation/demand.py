"""Which upgrades are tried on a day: what every resource runs, what it waits for, and who goes first.

Belongs here: the state of the resources, the choice of a day's first attempts, and their trigger and
start.
Does not belong here: which builds are offered (`releases.py`), how an attempt goes and is repeated
(`operations.py`).
"""

from dataclasses import dataclass

import numpy as np

from assets.simulation.constants import read_constants
from assets.simulation.fleet import CHANNEL_NONE, CONTROL_PLANE_POSITION, Fleet
from assets.simulation.incidents import Incidents
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.releases import Catalogue, Offer
from assets.simulation.rows import Bools, Floats, Ints, Rows
from assets.simulation.vocabulary import (
    AUTO_CHANNEL,
    CI,
    FORCED_EOL,
    MAINTENANCE,
    MANUAL,
    NONE,
    SECURITY,
    UNKNOWN,
    UNSTATED,
)

AUTOMATIC_TRIGGERS = (AUTO_CHANNEL, MAINTENANCE, SECURITY, FORCED_EOL)
"""Nobody presses a button for these: they keep to the maintenance window, and most are announced."""

SATURDAY = 5


@dataclass(frozen=True)
class DemandConstants:
    """The shape of `demand.yaml`, where the numbers are explained."""

    weekday_activity: tuple[float, ...]
    weekend_manual_weight: float
    channel_weights: tuple[float, ...]
    image_weight: float
    late_minor_ratio: float
    builds_behind: tuple[float, ...]
    pool_behind_ratio: float
    images_behind: tuple[float, ...]
    maintenance_ratio: float
    image_maintenance_ratio: float
    ci_ratio: float
    unstated_trigger_ratio: float
    unknown_trigger_ratio: float
    unscheduled_ratio: float
    start_delay_minutes: float
    late_start_ratio: float
    late_start_hours: float


@dataclass
class Requests(Rows):
    """Upgrades about to be tried, one row each; moments are seconds since the first simulated midnight.

    `target`: a version code; `trigger`: that in force, of which the events may say something else
    (`stated_trigger`); `scheduled_at`: the announced moment, NONE when not announced; `upgrade`: the serial
    number of the first attempt, NONE when this is the first; `attempt` counts from 1; `persists`: the chance
    to fail that an earlier failure left.
    """

    resource: Ints
    target: Ints
    trigger: Ints
    stated_trigger: Ints
    scheduled_at: Ints
    start: Ints
    upgrade: Ints
    attempt: Ints
    persists: Floats


class Demand:
    """What the resources run and wait for.

    Arrays of shape (resources,): `build` and `image` are version codes (`image` is NONE where the provider
    has no image upgrades), `free_at` the moment from which a resource can be upgraded again.
    """

    def __init__(
        self,
        *,
        fleet: Fleet,
        catalogue: Catalogue,
        incidents: Incidents,
        operations_per_day: int,
        first_weekday: int,
        rng: np.random.Generator,
        late_rng: np.random.Generator,
    ) -> None:
        self._constants = read_constants("demand", DemandConstants)
        self._fleet = fleet
        self._catalogue = catalogue
        self._incidents = incidents
        self._operations_per_day = operations_per_day
        self._first_weekday = first_weekday
        self._rng = rng
        self._late_rng = late_rng
        self._region = fleet.region[fleet.cluster]
        self.free_at: Ints = np.zeros(len(fleet.cluster), np.int64)
        self.build, self.image = self._first_morning()

    def first_attempts(self, day: int, offer: Offer) -> Requests:
        """The upgrades that begin on a day: the ordinary ones, and the share of a security wave on top."""
        target, is_waiting = self._wishes(day, offer)
        in_wave = self._wave(day, target, is_waiting)
        ordinary = self._ordinary(day, target, is_waiting & ~in_wave)
        rows = np.concatenate([np.flatnonzero(in_wave), ordinary])
        return self._requests(day, rows, target[rows], in_wave=in_wave[rows])

    def newest_of_same_minor(self, resource: Ints, version: Ints, offer: Offer) -> Ints:
        """What a resource would be upgraded to instead of `version` now; for an image, `version` itself."""
        minor = self._catalogue.minor[version]
        plane = self._fleet.control_plane[self._fleet.cluster[resource]]
        is_plane = self._fleet.position[resource] == CONTROL_PLANE_POSITION
        newest = np.where(is_plane, offer.builds[self._region[resource], minor], self.build[plane])
        return np.where(minor == NONE, version, np.maximum(newest, version))

    def _first_morning(self) -> tuple[Ints, Ints]:
        """The build and the image of every resource before the first day, many of them behind."""
        fleet, catalogue, constants, rng = self._fleet, self._catalogue, self._constants, self._rng
        offer = catalogue.offer(0)
        wanted = catalogue.newest_wanted_minor(day=0, region=fleet.region, patience_days=fleet.patience_days)
        is_late = rng.random(fleet.cluster_count) < constants.late_minor_ratio
        minor = np.maximum(wanted - fleet.minors_behind - is_late, 0)
        oldest = catalogue.oldest_build(fleet.provider_of_region[fleet.region], minor)
        behind = rng.choice(len(constants.builds_behind), size=fleet.cluster_count, p=constants.builds_behind)
        plane_build = np.maximum(offer.builds[fleet.region, minor] - behind, oldest)
        is_pool = fleet.position != CONTROL_PLANE_POSITION
        pool_is_behind = is_pool & (rng.random(len(fleet.cluster)) < constants.pool_behind_ratio)
        build = np.maximum(plane_build[fleet.cluster] - pool_is_behind, oldest[fleet.cluster])
        newest_image = offer.images[self._region]
        behind = rng.choice(len(constants.images_behind), size=len(fleet.cluster), p=constants.images_behind)
        return build, np.where(newest_image == NONE, NONE, newest_image - behind)

    def _wishes(self, day: int, offer: Offer) -> tuple[Ints, Bools]:
        """What every resource would be upgraded to and whether it waits for that, both (resources,).

        A control plane goes to the newest build of its minor release, or of the next one once the cluster
        follows it; a pool goes where its control plane is; a pool that is there already goes to the newest
        node image.
        """
        fleet, catalogue = self._fleet, self._catalogue
        is_free = self.free_at <= day * DAY_SECONDS
        plane_build = self.build[fleet.control_plane]
        plane_minor = catalogue.minor[plane_build]
        wanted = catalogue.newest_wanted_minor(day=day, region=fleet.region, patience_days=fleet.patience_days)
        wanted = np.clip(wanted - fleet.minors_behind, plane_minor, plane_minor + 1)
        plane_target = np.maximum(offer.builds[fleet.region, wanted], plane_build)

        is_plane = fleet.position == CONTROL_PLANE_POSITION
        build_target = np.where(is_plane, plane_target[fleet.cluster], plane_build[fleet.cluster])
        plane_is_free = is_free[fleet.control_plane][fleet.cluster]
        waits_for_build = (build_target > self.build) & (is_plane | plane_is_free)
        newest_image = offer.images[self._region]
        waits_for_image = ~waits_for_build & ~is_plane & (newest_image > self.image)
        is_open = (self._weekday(day) >= SATURDAY) | ~fleet.weekend_window
        is_waiting = (waits_for_build | waits_for_image) & is_free & is_open[fleet.cluster]
        return np.where(waits_for_image, newest_image, build_target), is_waiting

    def _wave(self, day: int, target: Ints, is_waiting: Bools) -> Bools:
        """Which resources a security wave upgrades on this day, of shape (resources,)."""
        chosen = np.zeros(len(target), bool)
        for incident in self._incidents.planted:
            if incident.wave_daily_ratio and incident.starts <= day * DAY_SECONDS < incident.ends:
                exposed = np.flatnonzero(is_waiting & np.isin(target, incident.versions or ()))
                chosen[exposed[self._rng.random(len(exposed)) < incident.wave_daily_ratio]] = True
        return chosen

    def _ordinary(self, day: int, target: Ints, is_waiting: Bools) -> Ints:
        """The resources of the ordinary upgrades: a weighted draw without replacement from those that wait.

        When fewer wait than the day has upgrades, resources at rest are upgraded to the version they run
        already, as happens when a controller reconciles.
        """
        fleet, constants, rng = self._fleet, self._constants, self._rng
        weekday = self._weekday(day)
        count = int(rng.poisson(self._operations_per_day * constants.weekday_activity[weekday]))
        waiting = np.flatnonzero(is_waiting)
        if count >= len(waiting):
            is_idle = ~is_waiting & (self.free_at <= day * DAY_SECONDS) & (target == self.build)
            idle = np.flatnonzero(is_idle)
            filling = rng.choice(idle, size=min(count - len(waiting), len(idle)), replace=False)
            return np.concatenate([waiting, filling])
        channel = fleet.channel[fleet.cluster[waiting]]
        weight = np.array(constants.channel_weights)[channel]
        weight[self._catalogue.minor[target[waiting]] == NONE] *= constants.image_weight
        if weekday >= SATURDAY:
            weight[channel == CHANNEL_NONE] *= constants.weekend_manual_weight
        # The smallest of exponentials divided by the weights are such a draw (Efraimidis and Spirakis, 2006).
        keys = rng.standard_exponential(len(waiting)) / weight
        return waiting[np.argpartition(keys, count)[:count]]

    def _requests(self, day: int, rows: Ints, target: Ints, *, in_wave: Bools) -> Requests:
        fleet, constants, rng = self._fleet, self._constants, self._rng
        count = len(rows)
        cluster = fleet.cluster[rows]
        trigger = self._triggers(rows, target, in_wave)
        blur = rng.random(count)
        is_unstated = blur < constants.unstated_trigger_ratio
        is_unknown = blur > 1 - constants.unknown_trigger_ratio
        is_automatic = np.isin(trigger, AUTOMATIC_TRIGGERS)
        is_announced = is_automatic & (rng.random(count) >= constants.unscheduled_ratio)
        planned_hour = np.where(
            is_automatic,
            fleet.window_hour[cluster],
            (fleet.working_hour[cluster] + rng.integers(0, 10, count)) % 24,
        )
        planned = day * DAY_SECONDS + planned_hour * 3600 + rng.integers(0, 4, count) * 900
        delay = rng.exponential(constants.start_delay_minutes * 60, count)
        is_late = is_announced & (self._late_rng.random(count) < constants.late_start_ratio)
        lateness = DAY_SECONDS + self._late_rng.exponential(constants.late_start_hours * 3600, count)
        return Requests(
            resource=rows,
            target=target,
            trigger=trigger,
            stated_trigger=np.select([is_unstated, is_unknown], [UNSTATED, UNKNOWN], trigger),
            scheduled_at=np.where(is_announced, planned, NONE),
            start=planned + np.where(is_late, lateness, delay).astype(np.int64),
            upgrade=np.full(count, NONE),
            attempt=np.ones(count, np.int64),
            persists=np.zeros(count),
        )

    def _triggers(self, rows: Ints, target: Ints, in_wave: Bools) -> Ints:
        fleet, constants, catalogue = self._fleet, self._constants, self._catalogue
        cluster = fleet.cluster[rows]
        is_image = catalogue.minor[target] == NONE
        is_new_minor = catalogue.minor[target] > catalogue.minor[self.build[rows]]
        is_laggard = fleet.minors_behind[cluster] == len(fleet.constants.minors_behind) - 1
        follows_channel = fleet.channel[cluster] != CHANNEL_NONE
        draw = self._rng.random(len(rows))
        maintenance_ratio = np.where(is_image, constants.image_maintenance_ratio, constants.maintenance_ratio)
        return np.select(
            [
                in_wave | (follows_channel & catalogue.is_security[target]),
                follows_channel & (draw < maintenance_ratio),
                follows_channel,
                is_new_minor & is_laggard,
                draw < constants.ci_ratio,
            ],
            [SECURITY, MAINTENANCE, AUTO_CHANNEL, FORCED_EOL, CI],
            MANUAL,
        )

    def _weekday(self, day: int) -> int:
        """0 for Monday to 6 for Sunday."""
        return (self._first_weekday + day) % 7
