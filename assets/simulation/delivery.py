"""The canonical part of the landing zone as it is in life: when each line arrives, and in what company.

Belongs here: lateness, duplicates, the order of lines, and how many lines a file has.
Does not belong here: what the lines say (`events.py`), what files look like from outside (`files.py`), what a
provider delivers in its own format instead (`export.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from assets.simulation.constants import read_constants
from assets.simulation.events import Agents, Bodies, Events
from assets.simulation.export import Export
from assets.simulation.files import DeliveryConstants, Files, MalformedLine
from assets.simulation.malformed import Spoiler
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.operations import Operations
from assets.simulation.rows import Bools, Floats, Ints, Rows


@dataclass
class _Consignments(Rows):
    """Lines on their way: `event` is a row of the day's events, `arrival` in seconds of the delivery day."""

    event: Ints
    day: Ints
    arrival: Floats
    is_duplicate: Bools


@dataclass
class _Carried:
    """Lines written on earlier days for one later day, and their arrivals in the same order."""

    lines: list[pl.Series] = field(default_factory=list)
    arrivals: list[Floats] = field(default_factory=list)


class Delivery:
    """Writes the files of `folder/<YYYY-MM-DD>/` day after day; `note_malformed` hears of malformed lines.

    Only what arrives later than its day is kept in memory between days. `export` takes what a provider
    delivers itself.
    """

    def __init__(
        self,
        *,
        folder: Path,
        agents: Agents,
        first_day: date,
        days: int,
        note_malformed: Callable[[MalformedLine], None],
        rng: np.random.Generator,
        export: Export | None = None,
    ) -> None:
        self._constants = read_constants("delivery", DeliveryConstants)
        self._files = Files(folder=folder, first_day=first_day, spoiler=Spoiler(rng), note_malformed=note_malformed, rng=rng)
        self.count = self._files.count
        self._agents = agents
        self._days = days
        self._rng = rng
        self._export = export
        self._carried: dict[int, _Carried] = {}

    def deliver(self, day: int, operations: Operations) -> None:
        """Writes what arrives on a simulated day, of this day's operations and of earlier ones."""
        events = self._agents.events(operations)
        if self._export:
            events = events.take(~self._export.deliver(day, operations, events)[events.operation])
        bodies = self._agents.bodies(operations)
        consignments = self._consign(day, events)
        self._take_note(events, consignments)
        self._carry(day, consignments, events, bodies)
        today = consignments.take(consignments.day == day)
        carried = self._carried.pop(day, _Carried())
        carried_lines = pl.concat(carried.lines) if carried.lines else pl.Series(dtype=pl.String)
        order = np.argsort(np.concatenate([today.arrival, *carried.arrivals]), kind="stable")
        for number, rows in enumerate(self._batches(order)):
            own = rows < len(today)
            lines = self._agents.lines(events.take(today.event[rows[own]]), bodies)
            if not own.all():
                place = np.empty(len(rows), np.int64)
                place[own] = np.arange(len(lines))
                place[~own] = np.arange(len(lines), len(rows))
                lines = pl.concat([lines, carried_lines.gather(rows[~own] - len(today))]).gather(place)
            self._files.write_lines(day, number, lines)

    def _consign(self, day: int, events: Events) -> _Consignments:
        """When each event arrives, some of them twice; what would arrive after the last day is left out."""
        constants, rng, count = self._constants, self._rng, len(events)
        event_day, second = np.divmod(events.moment, DAY_SECONDS)
        delay = _draw(rng, constants.late_ratios, count)
        wait = rng.exponential(constants.out_of_order_minutes * 60, count)
        originals = _Consignments(
            event=np.arange(count),
            day=np.maximum(event_day, day) + delay,  # a clock that is behind may stamp the day before
            arrival=np.where(delay == 0, second + wait, rng.uniform(0, DAY_SECONDS, count)),
            is_duplicate=np.zeros(count, bool),
        )
        copies = originals.take(np.flatnonzero(rng.random(count) < constants.duplicate_ratio))
        delay = _draw(rng, constants.duplicate_late_ratios, len(copies))
        copies.day = copies.day + delay
        copies.arrival = np.where(
            delay == 0,
            copies.arrival + rng.exponential(constants.out_of_order_minutes * 60, len(copies)),
            rng.uniform(0, DAY_SECONDS, len(copies)),
        )
        copies.is_duplicate = np.ones(len(copies), bool)
        sent = _Consignments.concat([originals, copies])
        return sent.take(sent.day < self._days)

    def _take_note(self, events: Events, consignments: _Consignments) -> None:
        duplicates = int(consignments.is_duplicate.sum())
        self.count.duplicate += duplicates
        self.count.accepted += len(consignments) - duplicates
        self.count.operations += len(np.unique(events.operation[consignments.event]))

    def _carry(self, day: int, consignments: _Consignments, events: Events, bodies: Bodies) -> None:
        """Renders the lines of later days now: they are few, and their operations are forgotten by then."""
        later = consignments.take(consignments.day > day)
        lines = self._agents.lines(events.take(later.event), bodies)
        for later_day in np.unique(later.day):
            is_then = later.day == later_day
            carried = self._carried.setdefault(int(later_day), _Carried())
            carried.lines.append(lines.filter(pl.Series(is_then)))
            carried.arrivals.append(later.arrival[is_then])

    def _batches(self, order: Ints) -> list[Ints]:
        """The lines of each file in the order of their arrival; a day without lines has one empty file."""
        constants, count = self._constants, len(order)
        if count <= constants.lines_of_a_tiny_day:
            return [order]
        files = max(constants.files_per_day, -(-count // constants.lines_per_file))
        shares = self._rng.uniform(0.5, 1.5, files)
        return np.split(order, (np.cumsum(shares)[:-1] / shares.sum() * count).astype(np.int64))


def _draw(rng: np.random.Generator, ratios: tuple[float, ...], count: int) -> Ints:
    """Positions in `ratios`, each drawn with its chance; the ratios add up to 1."""
    return np.searchsorted(np.cumsum(ratios[:-1]), rng.random(count), side="right")
