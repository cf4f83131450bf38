"""Delivered files as they look from outside: names, compression, line ends, and what is broken or blank among the lines.

Belongs here: writing the files of a day, and counting what is in them.
Does not belong here: which lines are in which file (`delivery.py`, `export.py`), what is wrong with malformed ones
(`malformed.py`, `formats/`).
"""

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import zstandard

from assets.simulation.constants import read_constants
from assets.simulation.malformed import Spoiler

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
    polled_at_hour: float
    repeated_ratio: float
    redelivered_ratio: float


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


class Files:
    """The files of `folder/<YYYY-MM-DD>/`; `note_malformed` hears of malformed lines."""

    def __init__(
        self,
        *,
        folder: Path,
        first_day: date,
        spoiler: Spoiler,
        note_malformed: Callable[[MalformedLine], None],
        rng: np.random.Generator,
    ) -> None:
        self.count = Count()
        self._constants = read_constants("delivery", DeliveryConstants)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._first_day = first_day
        self._spoiler = spoiler
        self._note_malformed = note_malformed
        self._rng = rng

    def write_lines(self, day: int, number: int, lines: pl.Series, *, are_records: bool = True) -> Path:
        """Writes a file of lines, which have their ends, on a simulated day (0 is the first); returns its path.

        `are_records`: whether every line is one record, so that another one can be broken.
        """
        suffix = self._compression()
        delivery_day = self._first_day + timedelta(days=day)
        name = f"{delivery_day.isoformat()}/part-{number:04}.ndjson{suffix}"
        content = self._content(f"{self._folder.name}/{name}", lines, delivery_day, are_records=are_records)
        return self._write(name, content)

    def write_document(self, day: int, number: int, content: bytes) -> Path:
        """Writes a file that is one JSON document on a simulated day; returns its path."""
        suffix = self._compression()
        delivery_day = self._first_day + timedelta(days=day)
        return self._write(f"{delivery_day.isoformat()}/part-{number:04}.json{suffix}", content)

    def write_again(self, day: int, path: Path) -> None:
        """Delivers an earlier file once more on a simulated day, as it was."""
        folder = self._folder / (self._first_day + timedelta(days=day)).isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / f"again-{path.name}")
        self.count.files += 1

    def _compression(self) -> str:
        draw = self._rng.random()
        if draw >= self._constants.gzip_ratio + self._constants.zstandard_ratio:
            return ""
        return ".gz" if draw < self._constants.gzip_ratio else ".zst"

    def _write(self, name: str, content: bytes) -> Path:
        constants, rng = self._constants, self._rng
        if rng.random() < constants.unended_ratio:
            content = content.removesuffix(b"\n")
        if rng.random() < constants.crlf_ratio:
            content = content.replace(b"\n", b"\r\n")
        if rng.random() < constants.byte_order_mark_ratio and content:
            content = b"\xef\xbb\xbf" + content
        if name.endswith(".gz"):
            content = gzip.compress(content, compresslevel=1, mtime=0)
        elif name.endswith(".zst"):
            content = zstandard.ZstdCompressor(level=1).compress(content)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.count.files += 1
        return path

    def _content(self, path: str, lines: pl.Series, delivery_day: date, *, are_records: bool) -> bytes:
        """The bytes of a file: the lines, with malformed and blank ones at random places among them."""
        rng, count = self._rng, len(lines)
        array = lines.to_arrow()
        _, offsets_buffer, text_buffer = array.buffers()
        text = memoryview(text_buffer)
        offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset :]
        malformed = int(rng.binomial(count, self._constants.malformed_ratio)) if are_records else 0
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
