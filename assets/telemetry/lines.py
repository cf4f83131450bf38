"""A delivered file as lines: decompressed, hashed, with the offset of every line and the lines that need a second look.

Belongs here: bytes, offsets and the byte patterns on which DuckDB's JSON reader is more lenient than JSON.
Does not belong here: what a line means (`assets/telemetry/canonical.py`), the bulk reading (`assets/telemetry/reading.py`).
"""

import gzip
import hashlib
import io
import mmap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import zstandard

from assets.telemetry.canonical import BYTE_ORDER_MARK, KEPT_OF_A_LONG_LINE, LINE_LIMIT

# A compressed file that grows past both of these is taken for an attack or an accident, not a delivery.
EXPANSION_LIMIT_BYTES = 1024**3
EXPANSION_LIMIT_FACTOR = 200
# The offsets of more lines than this do not fit beside everything else; a file of mere line feeds compresses to nothing.
LINES_LIMIT = 50_000_000
# Lines at least this long are looked at for nesting beyond `canonical.DEPTH_LIMIT`, which a shorter one cannot hold.
_DEEP_FROM = 2_000
_BLOCK = 1 << 20
# Zstandard turns a byte into up to 32 KiB, so pieces of this size bound what a hostile stream puts into memory at once.
_ZSTD_PIECE = 1 << 10
_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9
_WHITE_SPACE = np.array([_LF, _CR, _TAB], np.uint8)
_OPENS_A_VALUE = np.frombuffer(b":,[-", np.uint8)

Indices = npt.NDArray[np.int64]


class UnreadableFile(Exception):
    """The file as a whole cannot be read: truncated, not what its name says, or too large when expanded."""


@dataclass(frozen=True)
class Lines:
    """The lines of one file, and where DuckDB can read them.

    `bulk` is a file with one row for each of `lines` lines, in order: the delivery itself, or a copy in which the lines of
    `held_out` are replaced by an empty object, because DuckDB would skip or refuse them.
    `doubtful`: indices (0-based) of lines on which a lenient reader and strict JSON may differ.
    """

    bulk: Path
    text: mmap.mmap | bytes
    starts: Indices
    ends: Indices
    blank: Indices
    held_out: Indices
    doubtful: Indices

    @property
    def count(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> bytes:
        """The bytes of a line without its end, and without a byte order mark at the start of the file."""
        return bytes(self.text[int(self.starts[index]) : int(self.ends[index])])

    def kept(self, index: int) -> bytes:
        """What the quarantine keeps of a line: all of it, unless it is longer than any line that is read."""
        line = self.line(index)
        return line if len(line) <= LINE_LIMIT else line[:KEPT_OF_A_LONG_LINE]


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of the file's bytes as delivered."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def expanded(path: Path, scratch: Path) -> Iterator[Path]:
    """The path of the file's decompressed content: the file itself, or a copy under `scratch` for as long as it is needed.

    Raises:
        UnreadableFile: when the stream is truncated, is not what its name says, or expands past the limits.
    """
    openers = {".gz": _gzip_blocks, ".zst": _zstd_blocks}
    opener = openers.get(path.suffix)
    if opener is None:
        yield path
        return
    copy = scratch / "expanded"
    limit = max(EXPANSION_LIMIT_BYTES, EXPANSION_LIMIT_FACTOR * path.stat().st_size)
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            for block in opener(source):
                target.write(block)
                if target.tell() > limit:
                    raise UnreadableFile(
                        f"it expands past {limit} bytes; accepted: up to 1 GiB or {EXPANSION_LIMIT_FACTOR} times its size. "
                        "Deliver it in smaller files."
                    )
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _gzip_blocks(source: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source) as stream:
            while block := stream.read(_BLOCK):
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise UnreadableFile(f"it is no complete gzip stream ({problem}). Deliver it again.") from problem


def _zstd_blocks(source: IO[bytes]) -> Iterator[bytes]:
    # The library's stream reader ends silently on a truncated frame, so frames are read one by one.
    frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    complete = True
    try:
        while block := source.read(_ZSTD_PIECE):
            while block:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
                yield frame.decompress(block)
                complete = frame.eof
                block = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError as problem:
        raise UnreadableFile(f"it is no zstd stream ({problem}). Deliver it again.") from problem
    if not complete:
        raise UnreadableFile("it is no complete zstd stream (the last frame has no end). Deliver it again.")


@contextmanager
def lines_of(content: Path, scratch: Path) -> Iterator[Lines]:
    """The lines of a decompressed file; `scratch` holds what DuckDB reads for as long as the lines are in use."""
    with content.open("rb") as file:
        empty = content.stat().st_size == 0
        text: mmap.mmap | bytes = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        bulk = scratch / "bulk.ndjson"
        try:
            lines = _lines(text, _scan(file), bulk)
            if len(lines.held_out) == 0 and text[:3] != BYTE_ORDER_MARK:
                bulk.symlink_to(content.resolve())  # under a name without glob characters
            else:
                _write_bulk(lines)
            yield lines
        finally:
            bulk.unlink(missing_ok=True)
            if isinstance(text, mmap.mmap):
                text.close()


@dataclass(frozen=True)
class _Scan:
    """What one pass over a file finds, as offsets.

    Line feeds, and whether a CR precedes each; lines that begin with a blank or less; places where DuckDB may accept what JSON
    refuses.
    """

    feeds: Indices
    after_cr: npt.NDArray[np.bool_]
    low_starts: Indices
    suspicious: Indices


def _scan(file: io.BufferedIOBase) -> _Scan:
    """One pass over the file through a small buffer: touching its pages a second time would cost as much again."""
    feeds, low_starts, suspicious = ([np.empty(0, np.int64)] for _ in range(3))
    after_cr = [np.empty(0, np.bool_)]
    # The last two bytes before a block stand in front of it, so that what spans two blocks is seen; a line feed before the first.
    buffer = np.full(_BLOCK + 2, _LF, np.uint8)
    patterns = _Patterns(len(buffer))
    carried, offset, count = 1, -1, 0
    while length := file.readinto(buffer[carried : carried + _BLOCK].data):
        block = buffer[: carried + length]
        own_feeds = patterns.equal(block[carried:], _LF) + carried
        count += len(own_feeds)
        if count > LINES_LIMIT:
            raise UnreadableFile(f"it has more than {LINES_LIMIT} lines; accepted: up to that many. Deliver it in smaller files.")
        feeds.append(own_feeds + offset)
        after_cr.append(block[own_feeds - 1] == _CR)
        starts = own_feeds + 1 if block[carried - 1] != _LF else np.concatenate(([carried], own_feeds + 1))
        starts = starts[starts < len(block)]
        low_starts.append(starts[block[starts] <= _SPACE] + offset)
        suspicious.append(patterns.find(block, own_from=carried, line_feeds=len(own_feeds)) + offset)
        kept = min(2, len(block))
        offset += len(block) - kept
        buffer[:kept] = block[len(block) - kept :].copy()
        carried = kept
    found = np.unique(np.concatenate(suspicious))
    return _Scan(np.concatenate(feeds), np.concatenate(after_cr), np.concatenate(low_starts), found[found >= 0])


def _lines(text: mmap.mmap | bytes, scan: _Scan, bulk: Path) -> Lines:
    size = len(text)
    starts = np.concatenate(([0], scan.feeds + 1)).astype(np.int64)
    ends = np.concatenate((scan.feeds - (scan.after_cr & (scan.feeds > starts[:-1])), [size])).astype(np.int64)
    if starts[-1] == size:  # nothing after the last line feed
        starts, ends = starts[:-1], ends[:-1]
    if len(starts) == 0:
        nothing = np.empty(0, np.int64)
        return Lines(bulk, text, nothing, nothing, nothing, nothing, nothing)
    low_lines = np.searchsorted(starts, scan.low_starts)
    if text[:3] == BYTE_ORDER_MARK:
        starts[0] = min(3, int(ends[0]))
        low_lines = np.union1d([0], low_lines)
    blank, odd = _blank_lines(text, starts, ends, low_lines)
    if text[3:6] == BYTE_ORDER_MARK == text[:3]:  # a second mark is content, but DuckDB drops any that begins a file
        odd = np.union1d(odd, [0])
    long = np.flatnonzero(ends - starts > LINE_LIMIT)
    held_out = np.unique(np.concatenate((blank, odd, long)))
    at_patterns = np.unique(np.searchsorted(ends, scan.suspicious, side="left"))
    doubtful = np.unique(np.concatenate((at_patterns, _deep_lines(text, starts, ends), odd, long)))
    doubtful = doubtful[(doubtful < len(starts)) & ~np.isin(doubtful, blank)]
    return Lines(bulk, text, starts, ends, blank, held_out, doubtful)


class _Patterns:
    """Finds where DuckDB may accept what JSON refuses: trailing commas, NaN, infinities, control characters.

    The rare bytes of each pattern are found first and their neighbours looked at then, since most bytes are neither. Work space
    is kept from block to block: fresh arrays of this size would cost more in page faults than the search itself.
    """

    def __init__(self, size: int) -> None:
        self._lower = np.empty(size, np.uint8)
        self._flags = np.empty((3, size), np.bool_)

    def equal(self, block: npt.NDArray[np.uint8], byte: int) -> Indices:
        """Offsets of a byte in the block."""
        return np.flatnonzero(np.equal(block, byte, out=self._flags[0, : len(block)]))

    def find(self, block: npt.NDArray[np.uint8], *, own_from: int, line_feeds: int) -> Indices:
        """Offsets in the block at which a pattern stands; `line_feeds`: how many are in it from `own_from` on."""
        size = len(block)
        # Lower case of a letter; and "]" becomes "}".
        lower = np.bitwise_or(block, 0x20, out=self._lower[:size])
        closers = self.equal(lower[1:], ord("}")) + 1
        before = block[closers - 1]
        found = [closers[(before == ord(",")) | (before <= _SPACE)]]
        words = self._pairs(lower, "n", "a"), self._pairs(lower, "i", "n")
        for starts in words:
            before = block[starts - 1]
            found.append(starts[(before <= _SPACE) | np.isin(before, _OPENS_A_VALUE)])
        below_space = np.less(block[own_from:], _SPACE, out=self._flags[0, : size - own_from])
        if np.count_nonzero(below_space) != line_feeds:  # mostly line feeds are all there is
            controls = np.flatnonzero(below_space) + own_from
            found.append(controls[~np.isin(block[controls], _WHITE_SPACE)])
        return np.concatenate(found).astype(np.int64)

    def _pairs(self, lower: npt.NDArray[np.uint8], first: str, second: str) -> Indices:
        """Offsets, from 1 on, of two letters in a row."""
        length = max(len(lower) - 2, 0)
        is_first = np.equal(lower[1:-1], ord(first), out=self._flags[0, :length])
        is_second = np.equal(lower[2:], ord(second), out=self._flags[1, :length])
        return np.flatnonzero(np.logical_and(is_first, is_second, out=self._flags[2, :length])) + 1


def _blank_lines(text: mmap.mmap | bytes, starts: Indices, ends: Indices, candidates: Indices) -> tuple[Indices, Indices]:
    """Lines of blanks and tabs, and lines that only DuckDB holds for blank (it counts CR, VT and FF as blanks too)."""
    is_empty = starts[candidates] == ends[candidates]
    blank, odd = list(candidates[is_empty]), []
    for index in candidates[~is_empty]:
        line = text[int(starts[index]) : int(ends[index])]
        if not line.strip(b" \t"):
            blank.append(index)
        elif not line.strip(b" \t\r\v\f"):
            odd.append(index)
    return np.array(sorted(blank), np.int64), np.array(odd, np.int64)


def _deep_lines(text: mmap.mmap | bytes, starts: Indices, ends: Indices) -> Indices:
    deep = []
    for index in np.flatnonzero(ends - starts >= _DEEP_FROM):
        line = text[int(starts[index]) : int(ends[index])]
        if line.count(b"[") + line.count(b"{") > _DEEP_FROM // 2:
            deep.append(index)
    return np.array(deep, np.int64)


def _write_bulk(lines: Lines) -> None:
    """Copy the lines, one row each, with an empty object in place of those that are held out."""
    with lines.bulk.open("wb") as target:
        begin = 0
        for index in (*lines.held_out, lines.count):
            if index > begin:
                target.write(lines.text[int(lines.starts[begin]) : int(lines.ends[index - 1])])
                target.write(b"\n")
            if index < lines.count:
                target.write(b"{}\n")
            begin = int(index) + 1
