"""The landing zone as it is in life: when each line arrives, in which file, and in what company.

Belongs here: lateness, duplicates, the order of lines, malformed and blank lines among them, and the
files of a day.
Does not belong here: what the lines say (`events.py`), what is wrong with malformed ones
(`malformed.py`).
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import zstandard

from assets.simulation.constants import read_constants
from assets.simulation.events import Agents, Bodies, Events
from assets.simulation.malformed import Spoiler
from assets.simulation.moments import DAY_SECONDS
from assets.simulation.operations import Operations
from assets.simulation.rows import Bools, Floats, Ints, Rows

BLANK_LINES = (b"", b" ", b"\t", b" \t ")


@dataclass(frozen=True)
class DeliveryConstants:
    """The shape of `delivery.yaml`, where the numbers are explained."""

    late_ratios: tuple[float, ...]
    out_of_order_minutes: float
    duplicate_ratio: float
    duplicate_late_ratios: tuple[float, ...]
    malformed_ratio: float
    blank_ratio: float
    lines_per_file: int
    files_per_day: int
    lines_of_a_tiny_day: int
    gzip_ratio: float
    zstandard_ratio: float
    crlf_ratio: float
    byte_order_mark_ratio: float
    unended_ratio: float


@dataclass(frozen=True)
class MalformedLine:
    """Where a malformed line was put (`path` below the landing zone, `line` from 1), and why to refuse it."""

    path: str
    line: int
    reason: str


@dataclass
class Count:
    """What has been delivered so far, in the ledger's words.

    `lines = accepted + duplicate + quarantined + blank`; `operations` are those with at least one line.
    """

    files: int = 0
    lines: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    blank: int = 0
    operations: int = 0


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

    Only what arrives later than its day is kept in memory between days.
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
    ) -> None:
        self.count = Count()
        self._constants = read_constants("delivery", DeliveryConstants)
        self._folder = folder
        self._note_malformed = note_malformed
        self._agents = agents
        self._first_day = first_day
        self._days = days
        self._rng = rng
        self._spoiler = Spoiler(rng)
        self._carried: dict[int, _Carried] = {}

    def deliver(self, day: int, operations: Operations) -> None:
        """Writes what arrives on a simulated day, of this day's operations and of earlier ones."""
        events = self._agents.events(operations)
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
            self._write_file(day, number, lines)

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

    def _write_file(self, day: int, number: int, lines: pl.Series) -> None:
        constants, rng = self._constants, self._rng
        compression = rng.random()
        suffix = ""
        if compression < constants.gzip_ratio + constants.zstandard_ratio:
            suffix = ".gz" if compression < constants.gzip_ratio else ".zst"
        delivery_day = self._first_day + timedelta(days=day)
        name = f"{delivery_day.isoformat()}/part-{number:04}.ndjson{suffix}"
        content = self._content(f"{self._folder.name}/{name}", lines, delivery_day)
        if rng.random() < constants.unended_ratio:
            content = content.removesuffix(b"\n")
        if rng.random() < constants.crlf_ratio:
            content = content.replace(b"\n", b"\r\n")
        if rng.random() < constants.byte_order_mark_ratio and content:
            content = b"\xef\xbb\xbf" + content
        if suffix == ".gz":
            content = gzip.compress(content, compresslevel=1, mtime=0)
        elif suffix == ".zst":
            content = zstandard.ZstdCompressor(level=1).compress(content)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.count.files += 1

    def _content(self, path: str, lines: pl.Series, delivery_day: date) -> bytes:
        """The bytes of a file: the lines, with malformed and blank ones at random places among them."""
        rng, count = self._rng, len(lines)
        array = lines.to_arrow()
        _, offsets_buffer, text_buffer = array.buffers()
        text = memoryview(text_buffer)
        offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset :]
        malformed = int(rng.binomial(count, self._constants.malformed_ratio))
        blank = int(rng.binomial(count, self._constants.blank_ratio))
        places = np.sort(rng.integers(0, count, malformed + blank)) if count else np.zeros(0, np.int64)
        is_malformed = rng.permutation(np.arange(malformed + blank) < malformed)
        pieces: list[bytes | memoryview] = []
        copied = int(offsets[0])
        for inserted, (place, spoils) in enumerate(zip(places.tolist(), is_malformed.tolist(), strict=True)):
            start, end = int(offsets[place]), int(offsets[place + 1])
            pieces.append(text[copied:start])
            copied = start
            if spoils:
                reason, line = self._spoiler.spoil(bytes(text[start:end]), delivery_day)
                self._note_malformed(MalformedLine(path=path, line=place + inserted + 1, reason=reason))
            else:
                line = BLANK_LINES[rng.integers(len(BLANK_LINES))]
            pieces += [line, b"\n"]
        pieces.append(text[copied : int(offsets[count])])
        self.count.lines += count + malformed + blank
        self.count.quarantined += malformed
        self.count.blank += blank
        return b"".join(pieces)


def _draw(rng: np.random.Generator, ratios: tuple[float, ...], count: int) -> Ints:
    """Positions in `ratios`, each drawn with its chance; the ratios add up to 1."""
    return np.searchsorted(np.cumsum(ratios[:-1]), rng.random(count), side="right")
