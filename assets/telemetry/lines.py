"""A delivered file as lines: decompressed, hashed, with the offset of every line and the lines that need a second look.

Belongs here: bytes, offsets and the byte patterns on which DuckDB's JSON reader is more lenient than JSON.
Does not belong here: what a line means (`assets/telemetry/canonical.py`), the bulk reading (`assets/telemetry/bulk.py`).
"""

import gzip
import hashlib
import io
import mmap
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

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
_BLOCK = 1 << 18
# Zstandard turns a byte into up to 32 KiB, so pieces of this size bound what a hostile stream puts into memory at once.
_ZSTD_PIECE = 1 << 10
_EXPANDED_BLOCK = 1 << 20
# Bytes around one that is looked at which the system maps with it.
_MAPPED_AT_ONCE = 1 << 16
_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9
_WHITE_SPACE = np.array([_LF, _CR, _TAB], np.uint8)
# Keys whose values have to be strings; DuckDB would take a number or an object for its text. The bulk reading itself judges those
# that it reads as JSON or as an object: `time`, `data`, `node_count`, `api_features`, `observed_at`.
_KEYS_OF_TEXTS = (
    "specversion", "id", "source", "type", "operation_id", "cluster_id", "scope", "provider", "node_pool", "region",
    "from_version", "to_version", "trigger", "workload_type", "error_code", "error_message", "upgrade_id", "observed_version",
)  # fmt: skip

Indices = npt.NDArray[np.int64]


class UnreadableFile(Exception):
    """The file as a whole cannot be read: truncated, not what its name says, or too large when expanded."""


@dataclass(frozen=True)
class Lines:
    """The lines of one file.

    `feeds`: the offset of each line's line feed, or of the end of the file; `after_cr`: whether the line ends with CR LF.
    `blank`: indices (0-based) of lines of blanks and tabs; `odd`: of lines that only DuckDB holds for blank.
    `long`: of lines longer than any line that is read; `doubtful`: of lines on which a lenient reader and strict JSON may differ.
    """

    text: mmap.mmap | bytes
    feeds: Indices
    after_cr: npt.NDArray[np.bool_]
    blank: Indices
    odd: Indices
    long: Indices
    doubtful: Indices

    @property
    def count(self) -> int:
        return len(self.feeds)

    def line(self, index: int) -> bytes:
        """The bytes of a line without its end, and without a byte order mark at the start of the file."""
        return _read(self.text, _start(self.text, self.feeds, index), int(self.feeds[index] - self.after_cr[index]))

    def kept(self, index: int) -> bytes:
        """What the quarantine keeps of a line: all of it, unless it is longer than any line that is read."""
        line = self.line(index)
        return line if len(line) <= LINE_LIMIT else line[:KEPT_OF_A_LONG_LINE]


@dataclass(frozen=True)
class Reading:
    """A file that DuckDB reads while its lines are being found.

    `bulk`: what DuckDB reads. `lines` waits until the lines are found. `rowless` are the lines that get no row.
    """

    bulk: Path
    lines: Callable[[], Lines]
    is_copy: bool

    @property
    def rowless(self) -> Indices:
        """Indices of lines for which DuckDB makes no row."""
        return np.empty(0, np.int64) if self.is_copy else np.union1d(self.lines().blank, self.lines().odd)


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
    copy = scratch / uuid4().hex
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
            while block := stream.read(_EXPANDED_BLOCK):
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
def read_alongside(content: Path, scratch: Path, thread: Executor, *, as_copy: bool = False) -> Iterator[Reading]:
    """A decompressed file as DuckDB reads it, and its lines, which `thread` finds meanwhile.

    With `as_copy`, or when the file may hold a line that is too long for DuckDB, what it reads is a copy in which each line that
    it would skip or refuse is an empty object: then every line has its row.
    """
    bulk = scratch / f"{uuid4().hex}.ndjson"
    with _mapped(content) as text:
        scan = thread.submit(lambda: _lines(text, _scan(content)))
        try:
            is_copy = as_copy or _may_hold_long_lines(text)
            if is_copy:
                _write_bulk(scan.result(), bulk)
            else:
                bulk.symlink_to(content.resolve())  # under a name without glob characters
            yield Reading(bulk, scan.result, is_copy)
        finally:
            wait([scan])
            bulk.unlink(missing_ok=True)


@contextmanager
def _mapped(content: Path) -> Iterator[mmap.mmap | bytes]:
    """The bytes of a file, read when they are looked at; an empty file cannot be mapped."""
    if content.stat().st_size == 0:
        yield b""
        return
    with content.open("rb") as file:
        text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with text:
        yield text


def _may_hold_long_lines(text: mmap.mmap | bytes) -> bool:
    """Whether some line may be longer than `LINE_LIMIT`: surely none is when every half of that holds a line feed."""
    half = LINE_LIMIT // 2
    return any(text.find(b"\n", begin, begin + half) < 0 for begin in range(0, len(text) - half, half))


@dataclass(frozen=True)
class _Scan:
    """What one pass over a file finds, as offsets.

    Line feeds, and whether a CR precedes each; lines that begin with a blank or less; places where DuckDB may accept what JSON
    refuses, or take for text what is none.
    """

    feeds: Indices
    after_cr: npt.NDArray[np.bool_]
    low_starts: Indices
    suspicious: Indices


def _scan(content: Path) -> _Scan:
    """One pass over the file through a small buffer: touching its mapped pages would cost as much again."""
    with content.open("rb", buffering=0) as file:
        return _scan_stream(file)


def _scan_stream(file: io.RawIOBase) -> _Scan:
    feeds, low_starts, suspicious = ([np.empty(0, np.int64)] for _ in range(3))
    after_cr = [np.empty(0, np.bool_)]
    # What a pattern may look back at stands in front of each block; before the first one, line feeds.
    buffer = np.full(_Patterns.BEFORE + _BLOCK + _Patterns.AFTER, _LF, np.uint8)
    patterns = _Patterns(len(buffer))
    begin, count, carried = -_Patterns.BEFORE, 0, _Patterns.BEFORE
    is_last = False
    while not is_last:
        length = file.readinto(buffer[carried : carried + _BLOCK].data)
        is_last = length == 0
        end = carried + length
        if is_last:  # nothing follows the last byte but, for the patterns, the end of a line
            buffer[end : end + _Patterns.AFTER] = _LF
        block = buffer[: end + _Patterns.AFTER if is_last else end]
        own = slice(_Patterns.BEFORE, len(block) - _Patterns.AFTER)
        if own.stop > own.start:
            own_feeds = patterns.equal(block[own], _LF) + own.start
            count += len(own_feeds)
            if count > LINES_LIMIT:
                raise UnreadableFile(
                    f"it has more than {LINES_LIMIT} lines; accepted: up to that many. Deliver it in smaller files."
                )
            feeds.append(own_feeds + begin)
            after_cr.append(block[own_feeds - 1] == _CR)
            starts = own_feeds + 1 if begin > -_Patterns.BEFORE else np.concatenate(([own.start], own_feeds + 1))
            low_starts.append(starts[block[starts] <= _SPACE] + begin)
            suspicious.append(patterns.find(block, own, line_feeds=len(own_feeds)) + begin)
            begin += own.stop - own.start
            carried = len(block) - (own.stop - own.start)
            buffer[:carried] = block[own.stop - own.start :].copy()
        else:
            carried = len(block)
    return _Scan(np.concatenate(feeds), np.concatenate(after_cr), np.concatenate(low_starts), np.concatenate(suspicious))


class _Patterns:
    """Finds where DuckDB may accept what JSON refuses, or a value that is no string for a key whose values have to be strings.

    It accepts commas before a closing bracket, NaN, infinities and control characters, and reads any value as text where text is
    asked for. All of these but the control characters follow a colon, a comma or an opening bracket, which a quotation mark
    follows nearly always: so the exceptions are found first and looked at one by one then. Work space is kept from block to
    block: fresh arrays of this size would cost more in page faults than the search itself.
    """

    # Bytes before and after a place that are looked at.
    BEFORE, AFTER = 16, 3

    def __init__(self, size: int) -> None:
        self._flags = np.empty((3, size), np.bool_)
        endings = [(b'"' + key.encode())[-4:] for key in _KEYS_OF_TEXTS]
        self._endings = np.unique(np.array([int.from_bytes(each.rjust(4, b"\0"), "big") for each in endings], np.uint32))
        self._last_two = np.zeros(1 << 16, np.bool_)
        self._last_two[self._endings & 0xFFFF] = True

    def equal(self, block: npt.NDArray[np.uint8], byte: int) -> Indices:
        """Offsets of a byte in the block."""
        return np.flatnonzero(np.equal(block, byte, out=self._flags[0, : len(block)]))

    def find(self, block: npt.NDArray[np.uint8], own: slice, *, line_feeds: int) -> Indices:
        """Offsets, within `own`, at which a pattern stands; `line_feeds`: how many are there."""
        found = [self._values(block, own)]
        below_space = np.less(block[own], _SPACE, out=self._flags[0, : own.stop - own.start])
        if np.count_nonzero(below_space) != line_feeds:  # mostly line feeds are all there is
            controls = np.flatnonzero(below_space) + own.start
            found.append(controls[~np.isin(block[controls], _WHITE_SPACE)])
        return np.concatenate(found).astype(np.int64)

    def _values(self, block: npt.NDArray[np.uint8], own: slice) -> Indices:
        """Colons after a key, commas and opening brackets that a suspicious value follows."""
        size = own.stop - own.start
        found, other, no_quote = (flags[:size] for flags in self._flags)
        here, before, after = block[own], block[own.start - 1 : own.stop - 1], block[own.start + 1 : own.stop + 1]
        np.equal(here, ord(":"), out=found)
        found &= np.less_equal(before, ord('"'), out=other)  # the colons of a time of day stand between digits
        found |= np.equal(here, ord(","), out=other)
        found |= np.equal(here, ord("["), out=other)
        found &= np.not_equal(after, ord('"'), out=no_quote)
        places = np.flatnonzero(found) + own.start
        values = places + 1
        is_spaced = block[values] <= _SPACE
        if is_spaced.any():
            values += is_spaced
            is_other = block[values] != ord('"')
            places, values = places[is_other], values[is_other]
        is_key = block[places] == ord(":")
        value, follower = block[values], block[values + 1]
        letter = value | 0x20  # lower case; and "]" becomes "}"
        is_null = (letter == ord("n")) & (follower | 0x20 == ord("u"))
        is_word = ((letter == ord("n")) | (letter == ord("i"))) & ~is_null
        is_below_infinity = (value == ord("-")) & (follower > ord("9"))
        closes = (letter == ord("}")) & ~is_key & (block[places] == ord(","))
        is_far = value <= _SPACE
        is_no_text = is_key & ~is_null & self._may_be_key_of_text(block, places)
        return places[is_word | is_below_infinity | closes | is_far | is_no_text]

    def _may_be_key_of_text(self, block: npt.NDArray[np.uint8], colons: Indices) -> npt.NDArray[np.bool_]:
        """Whether the key before each colon may be one whose value has to be a string; one with a blank behind it may always."""
        last, last_but_one = (block[colons - each].astype(np.uint32) for each in (2, 3))
        may_be = self._last_two[last_but_one << 8 | last]
        rest = np.flatnonzero(may_be)
        ending = last_but_one[rest] << 8 | last[rest]
        ending |= block[colons[rest] - 5].astype(np.uint32) << 24 | block[colons[rest] - 4].astype(np.uint32) << 16
        may_be[rest] = np.isin(ending, self._endings) | (ending & 0xFFFFFF == self._endings[0])
        slashes = self.equal(block, ord("\\"))
        if len(slashes):  # an escape can hide the letters of a key; the one nearest to its end begins so close to it at least
            nearest = slashes[np.maximum(np.searchsorted(slashes, colons) - 1, 0)]
            may_be |= (nearest < colons) & (colons - nearest < _Patterns.BEFORE)
        return may_be | (block[colons - 1] != ord('"'))


def _lines(text: mmap.mmap | bytes, scan: _Scan) -> Lines:
    size = len(text)
    feeds, after_cr = scan.feeds, scan.after_cr
    if size and (len(feeds) == 0 or feeds[-1] != size - 1):  # a last line without an end
        feeds, after_cr = np.append(feeds, size), np.append(after_cr, False)
    low_lines = np.searchsorted(feeds, scan.low_starts)
    if text[:3] == BYTE_ORDER_MARK:
        low_lines = np.union1d([0], low_lines)
    low_lines = low_lines[low_lines < len(feeds)]
    blank, odd = _blank_lines(text, feeds, after_cr, low_lines)
    lengths = np.diff(feeds, prepend=-1)
    long = [each for each in np.flatnonzero(lengths > LINE_LIMIT).tolist() if _length(text, feeds, after_cr, each) > LINE_LIMIT]
    at_patterns = np.unique(np.searchsorted(feeds, scan.suspicious))
    deep = _deep_lines(text, feeds, np.flatnonzero(lengths >= _DEEP_FROM))
    marked = np.array([0] if text[3:6] == BYTE_ORDER_MARK == text[:3] else [], np.int64)  # DuckDB drops any that begins a file
    doubtful = np.unique(np.concatenate((at_patterns, deep, odd, np.array(long, np.int64), marked)))
    return Lines(text, feeds, after_cr, blank, odd, np.array(long, np.int64), doubtful[~np.isin(doubtful, blank)])


def _read(text: mmap.mmap | bytes, begin: int, end: int) -> bytes:
    """These bytes. The pages that held them are let go of, or the lines looked at in a large file become resident memory."""
    found = text[begin:end]
    if isinstance(text, mmap.mmap):
        first = begin // _MAPPED_AT_ONCE * _MAPPED_AT_ONCE
        text.madvise(mmap.MADV_DONTNEED, first, min(end + _MAPPED_AT_ONCE, len(text)) - first)
    return found


def _start(text: mmap.mmap | bytes, feeds: Indices, index: int) -> int:
    if index:
        return int(feeds[index - 1]) + 1
    return 3 if text[:3] == BYTE_ORDER_MARK else 0


def _length(text: mmap.mmap | bytes, feeds: Indices, after_cr: npt.NDArray[np.bool_], index: int) -> int:
    return int(feeds[index] - after_cr[index]) - _start(text, feeds, index)


def _blank_lines(
    text: mmap.mmap | bytes, feeds: Indices, after_cr: npt.NDArray[np.bool_], candidates: Indices
) -> tuple[Indices, Indices]:
    """Lines of blanks and tabs, and lines that only DuckDB holds for blank (it counts CR, VT and FF as blanks too)."""
    blank, odd = [], []
    for index in candidates:
        line = _read(text, _start(text, feeds, index), int(feeds[index] - after_cr[index]))
        if not line.strip(b" \t"):
            blank.append(index)
        elif not line.strip(b" \t\r\v\f"):
            odd.append(index)
    return np.array(blank, np.int64), np.array(odd, np.int64)


def _deep_lines(text: mmap.mmap | bytes, feeds: Indices, candidates: Indices) -> Indices:
    deep = []
    for index in candidates:
        line = _read(text, _start(text, feeds, index), int(feeds[index]))
        if line.count(b"[") + line.count(b"{") > _DEEP_FROM // 2:
            deep.append(index)
    return np.array(deep, np.int64)


def _write_bulk(lines: Lines, bulk: Path) -> None:
    """Copy the lines, one row each, with an empty object in place of those that DuckDB would skip or refuse."""
    held_out = np.unique(np.concatenate((lines.blank, lines.odd, lines.long)))
    with bulk.open("wb") as target:
        begin = 0
        for index in (*held_out, lines.count):
            if index > begin:
                target.write(
                    lines.text[_start(lines.text, lines.feeds, begin) : int(lines.feeds[index - 1] - lines.after_cr[index - 1])]
                )
                target.write(b"\n")
            if index < lines.count:
                target.write(b"{}\n")
            begin = int(index) + 1
