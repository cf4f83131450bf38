"""The canonical events that operations give rise to, and their JSON lines.

Belongs here: which events an operation sends, what its cluster's agent puts into them, and rendering
them in bulk.
Does not belong here: what happens (`operations.py`), when and in which file a line arrives
(`delivery.py`), lines that are broken (`malformed.py`).
"""

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from assets.simulation.constants import read_constants
from assets.simulation.fleet import Fleet
from assets.simulation.moments import FRACTIONS, TIME_FORMS, MomentText
from assets.simulation.operations import FailureKind, Operations
from assets.simulation.releases import Catalogue
from assets.simulation.rows import Bools, Ints, Rows
from assets.simulation.vocabulary import (
    CONTROL_PLANE,
    EVENT_TYPES,
    NONE,
    SCHEDULED,
    SCOPES,
    STARTED,
    SUCCEEDED,
    TRIGGERS,
)

STATES, OMITS, EMPTY = range(3)
"""What an agent does about an attribute: it states it, leaves it out, or sends an empty value."""


@dataclass(frozen=True)
class EventConstants:
    """The shape of `events.yaml`, where the numbers are explained."""

    time_form_shares: dict[str, float]
    terse_ratio: float
    upgrade_id_ratio: float
    observed_version_ratio: float
    omitted_place_ratio: float
    null_place_ratio: float
    omitted_workload_ratio: float
    empty_workload_ratio: float
    omitted_from_version_ratio: float
    lost_start_ratio: float
    clock_skew_ratio: float
    clock_skew_seconds: int
    observed_later_ratio: float
    observed_later_seconds: int
    extra_attributes: dict[str, dict[str, str]]


@dataclass
class Events(Rows):
    """Events of one day's operations, one row each.

    `operation`: a row of the day's operations; `type`: a position in EVENT_TYPES; `moment`: seconds since the
    first simulated midnight; `fraction`: a position in the catalogue of fractions; `ending`: a position in
    the catalogue of line endings; `observed_later`: seconds from the moment to its observation, 0 when the
    event does not say.
    """

    operation: Ints
    type: Ints
    moment: Ints
    fraction: Ints
    ending: Ints
    observed_later: Ints


@dataclass(frozen=True)
class Bodies:
    """What the events of a day's operations have in common, one element per operation.

    `identifiers`: the operation's own; `full_then_lean` (twice as long): the JSON that follows it, first with
    every attribute, then with those that identify the resource; `form`: positions in TIME_FORMS; `head`:
    positions of the envelope, one per region; `is_terse`: whether terminal events are lean.
    """

    identifiers: pl.Series
    full_then_lean: pl.Series
    form: Ints
    head: Ints
    is_terse: Bools


class Agents:
    """The agents of the clusters: what each of them reports about operations, as canonical JSON lines."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        catalogue: Catalogue,
        failures: tuple[FailureKind, ...],
        first_day: date,
        days: int,
        rng: np.random.Generator,
    ) -> None:
        constants = read_constants("events", EventConstants)
        self._constants = constants
        self._fleet = fleet
        self._rng = rng
        self._moments = MomentText(first_day=first_day, days=days, rng=rng)
        clusters = fleet.cluster_count
        form_shares = [constants.time_form_shares[form] for form in TIME_FORMS]
        self._form = rng.choice(len(TIME_FORMS), size=clusters, p=form_shares)
        self._is_terse = rng.random(clusters) < constants.terse_ratio
        self._names_upgrade = rng.random(clusters) < constants.upgrade_id_ratio
        self._observes_version = rng.random(clusters) < constants.observed_version_ratio
        self._states_from_version = rng.random(clusters) >= constants.omitted_from_version_ratio
        self._place_manner = _manner(rng.random(clusters), omits=constants.omitted_place_ratio, empty=constants.null_place_ratio)
        self._workload_manner = _manner(
            rng.random(clusters), omits=constants.omitted_workload_ratio, empty=constants.empty_workload_ratio
        )
        self._write_fragments(catalogue, failures)

    def _write_fragments(self, catalogue: Catalogue, failures: tuple[FailureKind, ...]) -> None:
        """Every piece of JSON that lines are joined from, written once."""
        fleet = self._fleet
        providers = [fleet.providers[code].name for code in fleet.provider_of_region]
        self._heads = pl.Series(
            [
                '{"specversion":"1.0",'
                + _members(
                    {
                        **self._constants.extra_attributes[provider],
                        "source": f"/fleet/{provider}/{region.name}",
                    }
                )
                + ',"id":"'
                for provider, region in zip(providers, fleet.regions, strict=True)
            ]
        )
        self._types = pl.Series([f'.{name}","type":"dev.upgradeslo.operation.{name}","time":"' for name in EVENT_TYPES])
        self._resources = pl.Series(
            ['","scope":"control_plane"']
            + [
                f'","scope":"{scope}","node_pool":"{pool}"'
                for provider in fleet.providers
                for scope in SCOPES
                for pool in provider.node_pools
            ]
        )
        self._places = pl.Series(
            [
                piece
                for provider, region in zip(providers, fleet.regions, strict=True)
                for piece in (
                    "," + _members({"provider": provider, "region": region.name}),
                    "",
                    ',"provider":null,"region":null',
                )
            ]
        )
        self._workloads = pl.Series(
            [
                piece
                for workload in fleet.workloads
                for piece in ("," + _members({"workload_type": workload.name}), "", ',"workload_type":""')
            ]
        )
        versions = catalogue.versions
        self._from_versions = pl.Series(["", *("," + _members({"from_version": name}) for name in versions)])
        self._to_versions = pl.Series(["," + _members({"to_version": name}) for name in versions])
        self._triggers = pl.Series(["," + _members({"trigger": name}) if name else "" for name in TRIGGERS])
        self._node_counts = pl.Series(["", *(f',"node_count":{count}' for count in range(1, fleet.constants.most_nodes + 1))])
        self._api_features = pl.Series(
            ["", *("," + _members({"api_features": list(names)}) for names in fleet.constants.api_features)]
        )
        failure_endings = ["".join(f",{_members({key: text})}" for key, text in _error(kind).items()) for kind in failures]
        version_endings = ["," + _members({"observed_version": name}) for name in versions]
        self._first_version_ending = 1 + len(failure_endings)
        self._endings = pl.Series([ending + "}}\n" for ending in ["", *failure_endings, *version_endings]])

    def events(self, operations: Operations) -> Events:
        """The events of a day's operations, in no particular order; what is lost on the way is left out."""
        constants, rng, count = self._constants, self._rng, len(operations)
        is_started = (operations.started_at != NONE) & (rng.random(count) >= constants.lost_start_ratio)
        scheduled = np.flatnonzero(operations.scheduled_at != NONE)
        started = np.flatnonzero(is_started)
        ended = np.flatnonzero(operations.outcome != NONE)

        finished_at = operations.finished_at.copy()
        skewed = np.flatnonzero((rng.random(count) < constants.clock_skew_ratio) & (operations.started_at != NONE))
        back = rng.integers(1, constants.clock_skew_seconds, len(skewed))
        finished_at[skewed] = np.maximum(operations.started_at[skewed] - back, 0)

        operation = np.concatenate([scheduled, started, ended])
        type_ = np.concatenate([np.full(len(scheduled), SCHEDULED), np.full(len(started), STARTED), operations.outcome[ended]])
        observed_later = rng.integers(1, constants.observed_later_seconds, len(operation))
        observed_later *= rng.random(len(operation)) < constants.observed_later_ratio
        return Events(
            operation=operation,
            type=type_,
            moment=np.concatenate([operations.scheduled_at[scheduled], operations.started_at[started], finished_at[ended]]),
            fraction=rng.integers(0, FRACTIONS, len(operation)),
            ending=np.concatenate([np.zeros(len(scheduled) + len(started), np.int64), self._ending(operations.take(ended))]),
            observed_later=observed_later,
        )

    def _ending(self, ended: Operations) -> Ints:
        """How terminal events end: with the failure, with the version seen afterwards, or plainly."""
        observes = self._observes_version[self._fleet.cluster[ended.resource]]
        seen = np.where(ended.runs_target, ended.to_version, ended.from_version)
        return np.select(
            [ended.failure != NONE, observes & (ended.outcome == SUCCEEDED)],
            [1 + ended.failure, self._first_version_ending + seen],
            0,
        )

    def bodies(self, operations: Operations) -> Bodies:
        """What is said about a day's operations in all of their events."""
        fleet = self._fleet
        resource = operations.resource
        cluster = fleet.cluster[resource]
        region = fleet.region[cluster].astype(np.int64)
        workload = fleet.resource_workload[resource].astype(np.int64)
        from_version = np.where(self._states_from_version[cluster], operations.from_version + 1, 0)
        upgrade = pl.select(
            pl.when(pl.Series(self._names_upgrade[cluster]))
            .then(pl.format(',"upgrade_id":"up-{}"', pl.Series(operations.upgrade)))
            .otherwise(pl.lit(""))
        ).to_series()
        lean = _joined(
            pl.lit('","cluster_id":"'),
            fleet.cluster_ids(cluster),
            self._resources.gather(self._resource_piece(operations)),
        )
        full = _joined(
            lean,
            self._places.gather(3 * region + self._place_manner[cluster]),
            self._workloads.gather(3 * workload + self._workload_manner[cluster]),
            self._from_versions.gather(from_version),
            self._to_versions.gather(operations.to_version),
            self._triggers.gather(operations.trigger),
            self._node_counts.gather(np.where(operations.scope == CONTROL_PLANE, 0, fleet.node_count[resource])),
            upgrade,
            self._api_features.gather(fleet.api_features[cluster].astype(np.int64)),
        )
        return Bodies(
            identifiers=_joined(pl.lit("op-"), pl.Series(operations.serial).cast(pl.String)),
            full_then_lean=pl.concat([full, lean]),
            form=self._form[cluster],
            head=region,
            is_terse=self._is_terse[cluster],
        )

    def _resource_piece(self, operations: Operations) -> Ints:
        """Positions in the catalogue of resource pieces: the control plane, else provider, scope and pool."""
        fleet = self._fleet
        provider = fleet.provider_of_region[fleet.region[fleet.cluster[operations.resource]]]
        pool = fleet.position[operations.resource].astype(np.int64) - 1
        pools = len(fleet.providers[0].node_pools)
        named = 1 + (provider * len(SCOPES) + operations.scope) * pools + pool
        return np.where(operations.scope == CONTROL_PLANE, 0, named)

    def lines(self, events: Events, bodies: Bodies) -> pl.Series:
        """One JSON line per event, with its line feed, in the order of the events."""
        operation = events.operation
        form = bodies.form[operation]
        identifier = bodies.identifiers.gather(operation)
        is_lean = bodies.is_terse[operation] & (events.type > STARTED)
        return _joined(
            self._heads.gather(bodies.head[operation]),
            identifier,
            self._types.gather(events.type),
            *self._moments.pieces(events.moment, fraction=events.fraction, form=form),
            pl.lit('","data":{"operation_id":"'),
            identifier,
            bodies.full_then_lean.gather(operation + is_lean * len(bodies.identifiers)),
            self._line_endings(events, form),
        )

    def _line_endings(self, events: Events, form: Ints) -> pl.Series:
        endings = self._endings.gather(events.ending)
        later = np.flatnonzero(events.observed_later)
        if not len(later):
            return endings
        observed_at = self._moments.pieces(
            events.moment[later] + events.observed_later[later],
            fraction=events.fraction[later],
            form=form[later],
        )
        said = _joined(pl.lit(',"observed_at":"'), *observed_at, pl.lit('"'), endings.gather(later))
        return endings.scatter(later, said)


def _manner(draw: np.ndarray, *, omits: float, empty: float) -> Ints:
    return np.select([draw < omits, draw < omits + empty], [OMITS, EMPTY], STATES)


def _members(values: dict[str, object]) -> str:
    """Members of a JSON object, without its braces."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)[1:-1]


def _error(kind: FailureKind) -> dict[str, str]:
    """What is said about a failure; a kind without a code is reported without one."""
    return {key: text for key, text in (("error_code", kind.code), ("error_message", kind.message)) if text}


def _joined(*pieces: pl.Series | pl.Expr) -> pl.Series:
    return pl.select(pl.concat_str(*pieces)).to_series()
