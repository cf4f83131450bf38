"""What a provider delivers of the simulated operations, in its own format.

Belongs here: which operations it carries, when their records arrive, and the files in which they do.
Does not belong here: the records (`formats/`), the canonical events of all other operations (`delivery.py`).
"""

import json
from bisect import bisect
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import accumulate
from pathlib import Path

import numpy as np
import polars as pl

from assets.simulation.constants import read_constants
from assets.simulation.events import Events
from assets.simulation.files import DeliveryConstants, Files, MalformedLine
from assets.simulation.fleet import CONTROL_PLANE_POSITION, Fleet
from assets.simulation.formats.format import Envelope, Format, Record
from assets.simulation.formats.operation import NANOSECONDS, Operation
from assets.simulation.malformed import Spoiler
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.operations import FailureKind, Operations
from assets.simulation.releases import Catalogue
from assets.simulation.rows import Bools
from assets.simulation.vocabulary import EVENT_TYPES, NONE, SCOPES, TRIGGERS

_STEP = 618_033_989
"""Nanoseconds from the fraction of one operation to that of the next: the golden section spreads them evenly."""


@dataclass(frozen=True)
class ExportCount:
    """What has been delivered so far; `records` and `malformed` leave out files that came again as they were."""

    files: int = 0
    records: int = 0
    malformed: int = 0
    operations: int = 0


class Export:
    """Writes the files of a provider day after day.

    Only records on their way, and of polled formats the operations that a poll still shows, are kept in memory.
    """

    def __init__(
        self,
        form: Format,
        *,
        folder: Path,
        fleet: Fleet,
        catalogue: Catalogue,
        failures: tuple[FailureKind, ...],
        first_day: date,
        days: int,
        note_malformed: Callable[[MalformedLine], None],
        rng: np.random.Generator,
    ) -> None:
        self._records = self._operations = 0
        self._form = form
        self._knowledge = _Knowledge(form.provider, fleet=fleet, catalogue=catalogue, failures=failures, first_day=first_day)
        self._constants = read_constants("delivery", DeliveryConstants)
        self._days = days
        self._rng = rng
        # A broken record says nothing, so that it can keep the identity of the good one.
        spoiler = Spoiler(rng, form.defects, disown=lambda _record, _number: None)
        self._files = Files(folder=folder, first_day=first_day, spoiler=spoiler, note_malformed=note_malformed, rng=rng)
        self._late = _Chances(self._constants.late_ratios, rng)
        self._late_copy = _Chances(self._constants.duplicate_late_ratios, rng)
        # By day: moment of the arrival in seconds, position of the dialect, JSON of the record.
        self._on_their_way: dict[int, list[tuple[float, int, str]]] = {}
        self._subjects: dict[Hashable, list[Operation]] = {}
        self._shown: set[Hashable] = set()
        self._written: list[Path] = []

    @property
    def count(self) -> ExportCount:
        of_files = self._files.count
        return ExportCount(of_files.files, self._records, of_files.quarantined, self._operations)

    def deliver(self, day: int, operations: Operations, events: Events) -> Bools:
        """Writes what arrives on a simulated day; returns which operations are carried, of the shape of `operations`."""
        known = {row: operation for row, operation in self._knowledge.of(day, operations) if self._form.carries(operation)}
        if self._form.subject:
            self._poll(day, list(known.values()), self._form.subject)
        else:
            self._publish(known, events)
        self._operations += len(known)
        self._write(day)
        is_carried = np.zeros(len(operations), bool)
        is_carried[list(known)] = True
        return is_carried

    def _publish(self, known: dict[int, Operation], events: Events) -> None:
        """Sends what happened to the operations of a day; an event that is lost is lost in this format as well."""
        for row, code in zip(events.operation.tolist(), events.type.tolist(), strict=True):
            operation, event_type = known.get(row), EVENT_TYPES[code]
            if operation and (moment := operation.at(event_type)) is not None:
                position = operation.cluster % len(self._form.dialects)
                seconds = self._knowledge.seconds(moment)
                for record in self._form.dialects[position].records(operation, event_type):
                    self._send(record, position, seconds)

    def _poll(self, day: int, begun: list[Operation], subject_of: Callable[[Operation], Hashable]) -> None:
        """Sends what is open or has ended since the last poll, and some of what had ended before that once more."""
        for operation in sorted(begun, key=lambda operation: operation.known_at):
            self._subjects.setdefault(subject_of(operation), []).append(operation)
        seconds = day * DAY_SECONDS + self._constants.polled_at_hour * 3600
        now, before = (self._knowledge.moment(int(each)) for each in (seconds, seconds - DAY_SECONDS))
        shown = set()
        for subject, operations in list(self._subjects.items()):
            known = [operation for operation in operations if operation.known_at <= now]
            is_moving = any(operation.finished_at is None or operation.finished_at > before for operation in known)
            if is_moving:
                shown.add(subject)
            if is_moving or (subject in self._shown and self._rng.random() < self._constants.repeated_ratio):
                position = operations[0].cluster % len(self._form.dialects)
                for record in self._form.dialects[position].records(known, now):
                    self._send(record, position, seconds)
            if not is_moving and known == operations and not self._form.keeps_history:
                del self._subjects[subject]
        self._shown = shown

    def _send(self, record: Record, position: int, seconds: float) -> None:
        """Puts a record on its way at a moment, in seconds since the first midnight; a few are sent twice."""
        constants, rng = self._constants, self._rng
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        day, second = divmod(seconds, DAY_SECONDS)
        chances = [self._late, self._late_copy] if rng.random() < constants.duplicate_ratio else [self._late]
        for late in chances:
            delay = late.draw()
            wait = constants.out_of_order_minutes * 60 * rng.standard_exponential()
            day, second = day + delay, rng.random() * DAY_SECONDS if delay else second + wait
            if day < self._days:
                self._on_their_way.setdefault(int(day), []).append((second, position, text))

    def _write(self, day: int) -> None:
        arrived = sorted(self._on_their_way.pop(day, []), key=lambda record: record[0])
        self._records += len(arrived)
        written: list[Path] = []
        for position, dialect in enumerate(self._form.dialects):
            texts = [text for _, of, text in arrived if of == position]
            for start in range(0, len(texts), self._constants.lines_per_file):
                batch = texts[start : start + self._constants.lines_per_file]
                written.append(self._write_file(day, len(written), batch, dialect.envelope))
        if self._form.subject and self._rng.random() < self._constants.redelivered_ratio:
            for path in self._written:
                self._files.write_again(day, path)
        self._written = written

    def _write_file(self, day: int, number: int, texts: Sequence[str], envelope: Envelope) -> Path:
        if envelope.records_per_line == 0:
            document = f"{envelope.opening}{','.join(texts)}{envelope.closing}\n"
            return self._files.write_document(day, number, document.encode())
        lines = pl.Series([f"{line}\n" for line in _lines(texts, envelope)], dtype=pl.String)
        return self._files.write_lines(day, number, lines, are_records=envelope.records_per_line == 1)


def _lines(texts: Sequence[str], envelope: Envelope) -> Iterator[str]:
    step = envelope.records_per_line
    for start in range(0, len(texts), step):
        yield f"{envelope.opening}{','.join(texts[start : start + step])}{envelope.closing}"


class _Chances:
    """Draws positions in some ratios, which add up to 1."""

    def __init__(self, ratios: tuple[float, ...], rng: np.random.Generator) -> None:
        self._edges = list(accumulate(ratios[:-1]))
        self._rng = rng

    def draw(self) -> int:
        return bisect(self._edges, self._rng.random())


class _Knowledge:
    """What a provider knows of the operations on its clusters."""

    def __init__(
        self,
        provider: str,
        *,
        fleet: Fleet,
        catalogue: Catalogue,
        failures: tuple[FailureKind, ...],
        first_day: date,
    ) -> None:
        self._fleet = fleet
        self._catalogue = catalogue
        self._failures = failures
        [self._code] = [code for code, of in enumerate(fleet.providers) if of.name == provider]
        self._midnight = int(datetime.combine(first_day, time(), UTC).timestamp())

    def moment(self, seconds: int) -> int:
        """Nanoseconds since 1970 from seconds since the first midnight."""
        return (self._midnight + seconds) * NANOSECONDS

    def seconds(self, moment: int) -> int:
        return moment // NANOSECONDS - self._midnight

    def of(self, day: int, operations: Operations) -> Iterator[tuple[int, Operation]]:
        """Row and facts of the operations of a day that a provider would call upgrades: to another version."""
        fleet = self._fleet
        provider = fleet.provider_of_region[fleet.region[fleet.cluster[operations.resource]]]
        rows = np.flatnonzero((provider == self._code) & (operations.from_version != operations.to_version))
        chosen = operations.take(rows)
        cluster = fleet.cluster[chosen.resource]
        ids = fleet.cluster_ids(cluster).to_list()
        for index, row in enumerate(rows.tolist()):
            yield row, self._operation(day, chosen, index, cluster=int(cluster[index]), cluster_id=ids[index])

    def _operation(self, day: int, of: Operations, index: int, *, cluster: int, cluster_id: str) -> Operation:
        fleet, resource, serial = self._fleet, of.resource[index], int(of.serial[index])
        region = fleet.regions[fleet.region[cluster]]
        position = fleet.position[resource]
        pool = "" if position == CONTROL_PLANE_POSITION else fleet.providers[self._code].node_pools[position - 1]
        failure = self._failures[of.failure[index]] if of.failure[index] != NONE else None

        def moment(seconds: int) -> int | None:
            # All moments of an operation have one fraction of a second: their order, and what lies between, is untouched.
            return None if seconds == NONE else self.moment(int(seconds)) + serial * _STEP % NANOSECONDS

        return Operation(
            serial=serial,
            day=day,
            cluster=cluster,
            cluster_id=cluster_id,
            name=f"{fleet.providers[self._code].name}-{region.name}-{cluster}",
            region=region.name,
            ring=region.ring,
            scope=SCOPES[of.scope[index]],
            node_pool=pool,
            node_count=int(fleet.node_count[resource]),
            from_version=self._catalogue.versions[of.from_version[index]],
            to_version=self._catalogue.versions[of.to_version[index]],
            trigger=TRIGGERS[of.trigger[index]],
            scheduled_at=moment(of.scheduled_at[index]),
            started_at=moment(of.started_at[index]),
            finished_at=moment(of.finished_at[index]),
            outcome=EVENT_TYPES[of.outcome[index]] if of.outcome[index] != NONE else "",
            failure=failure.code if failure else "",
            message=failure.message if failure else "",
            runs_target=bool(of.runs_target[index]),
        )
