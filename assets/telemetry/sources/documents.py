"""The records of a JSON document of any size, one held at a time: arrays and wrappers are taken off until none is left.

Belongs here: strict JSON, wrappers and their stamps, and where a value ends in a stream of bytes.
Does not belong here: lines, and what the ledger counts (`envelopes.py`), YAML (`yaml_documents.py`), what a record means (the
sources).
"""

import json
import os
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import numpy as np
import orjson

from assets.telemetry.canonical import KEPT_OF_A_LONG_LINE, LINE_LIMIT, Refusal

# Keys under which exporters, command-line tools and REST interfaces put an array of records; of several the first counts.
_WRAPPERS = ("records", "value", "items", "operations", "data")
# A collector may stamp what it wraps once instead of every record; the stamp then holds for each of them.
STAMPS = ("collected_at", "observed_at")

# The bytes of a record, written anew where it stood in a wrapper that was read at once; and its object, or why there is none.
Found: TypeAlias = tuple[bytes, dict[str, Any] | Refusal]

_BLOCK = 1 << 16
_WHITE_SPACE = b" \t\r\n"
_ARRAY_OF_RECORDS = re.compile(rb'[ \t\r\n]*"(%s)"[ \t\r\n]*:[ \t\r\n]*\[' % "|".join(_WRAPPERS).encode())
_LONGEST_HEAD = 1 << 12
_FIRST_KEY = re.compile(rb'[ \t\r\n]*(\{[ \t\r\n]*"[^"\\]*")')
# Arrays and wrappers in each other, all too large to be read at once: each of them costs a pass or two over what it holds.
_MOST_LEVELS = 8
_QUOTE, _COMMA, _END_OF_STREAM = ord('"'), ord(","), 0
_IS_MARK = bytes(each in b'",[]{}' for each in range(256))
_STEP = np.zeros(256, np.int8)
_STEP[list(b"[{")], _STEP[list(b"]}")] = 1, -1


class _Broken(Exception):
    """From this offset on, what is being read is no JSON, or more than is read at once."""

    def __init__(self, offset: int, reason: str = "invalid_json") -> None:
        super().__init__(reason)
        self.offset, self.reason = offset, reason


def parse(text: bytes) -> Any:
    """The JSON value, or the refusal of a text that is none.

    JSON is strict: NaN, trailing commas, lone surrogates, numbers beyond double precision's range and nesting beyond 1,024 levels
    are `invalid_json`. Of a repeated key the last value counts, since no provider writes one.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return Refusal("invalid_json" if _is_utf8(text) else "invalid_utf8")


def unwrapped(raw: bytes, value: Any, stamps: Mapping[str, Any] | None = None) -> Iterable[Found]:
    """The records in a value that was read at once from `raw`, in order; none in an empty array or wrapper.

    `stamps`: those of the wrappers around the value; they hold where a record has none of its own.
    """
    if not stamps and isinstance(value, dict) and value.keys().isdisjoint(_WRAPPERS):
        return ((raw, value),)  # a record and nothing around it, as most are
    return _unwrapped(raw, value, stamps or {})


def _unwrapped(raw: bytes, value: Any, stamps: Mapping[str, Any]) -> Iterator[Found]:
    levels: list[tuple[Iterator[Any], Mapping[str, Any]]] = [(iter((value,)), stamps)]
    while levels:
        values, holding = levels[-1]
        for each in values:
            if (inside := _inside(each)) is not None:
                levels.append((iter(inside), {**holding, **_stamps_of(each)}))
                break
            yield _found(raw, each, holding, is_whole=each is value)
        else:
            levels.pop()


def streamed(stream: IO[bytes], begin: int) -> Iterator[Found]:
    """The records of the document that begins at this offset of a seekable stream, in order.

    A value that is no strict JSON is refused alone as long as it shows where it ends. Where that is lost the document is broken:
    the rest of it is one refusal, with its first 64 KiB. So it is where a wrapper holds, beside its records, what is no JSON or
    longer than a record may be, and where the document's end is missing.
    """
    end = stream.seek(0, os.SEEK_END)
    return _value(stream, _behind_white_space(stream, begin), end, {}, level=0)


def _inside(value: Any) -> list[Any] | None:
    """What an array or a wrapper holds; None for anything else."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or value.keys().isdisjoint(_WRAPPERS):
        return None
    return next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list)), None)


def _stamps_of(value: Any) -> dict[str, Any]:
    return {stamp: value[stamp] for stamp in STAMPS if stamp in value} if isinstance(value, dict) else {}


def _found(raw: bytes, value: Any, stamps: Mapping[str, Any], *, is_whole: bool) -> Found:
    """One record; `is_whole` when `raw` is its bytes, and not those of what it stood in."""
    match value:
        case dict():
            found: dict[str, Any] | Refusal = {**stamps, **value} if stamps else value
        case Refusal():
            found = value
        case _:
            found = Refusal("not_an_object")
    if is_whole:
        return raw, found
    try:
        return orjson.dumps(value), found
    except TypeError:  # nested deeper than can be written
        return raw[:KEPT_OF_A_LONG_LINE], Refusal("invalid_json")


def _value(stream: IO[bytes], begin: int, end: int, stamps: Mapping[str, Any], *, level: int) -> Iterator[Found]:
    """The records of the value that begins there and has to end at `end`; where it is broken, the rest of it as one."""
    try:
        match _read(stream, begin, begin + 1):
            case b"[":
                behind = yield from _array(stream, begin + 1, stamps, level)
            case b"{":
                behind = yield from _object(stream, begin, stamps, level)
            case _:
                yield from _whole(stream, begin, end, stamps)
                behind = end
        behind = _behind_white_space(stream, behind)
        if behind < end:
            raise _Broken(behind)
    except _Broken as broken:
        yield _read(stream, broken.offset, min(broken.offset + KEPT_OF_A_LONG_LINE, end)), Refusal(broken.reason)


def _array(stream: IO[bytes], begin: int, stamps: Mapping[str, Any], level: int) -> Generator[Found, None, int]:
    """The records of the array that was opened before `begin`. Returns the offset behind it."""
    first = begin
    begin = yield from _alike(stream, begin, stamps)
    for border, mark in _borders(stream, begin):
        if mark not in b",]":
            break
        is_last = mark != _COMMA
        is_empty = is_last and begin == first and _behind_white_space(stream, begin) == border
        if not is_empty:
            yield from _element(stream, begin, border, stamps, level)
        begin = border + 1
        if is_last:
            return begin
    raise _Broken(begin)


def _alike(stream: IO[bytes], begin: int, stamps: Mapping[str, Any]) -> Generator[Found, None, int]:
    """The records of the array from there on, as long as each is followed by one with the same first key, as nearly always.

    The place where such a one begins shows where the one before it may end, in a fifth of the time in which `_borders` does. What
    can be read up to there as one value does end there. Returns the offset of the first that is left.
    """
    while head := _FIRST_KEY.match(block := _read(stream, begin, begin + _BLOCK)):
        at = 0
        following = block.find(head[1], head.end())
        while following > 0:
            text = block[at:following].rstrip(_WHITE_SPACE)
            raw = text[:-1].strip(_WHITE_SPACE)
            value = parse(raw) if text.endswith(b",") else None
            if not isinstance(value, dict):
                return begin + at
            yield from unwrapped(raw, value, stamps)
            at += len(text)
            following = block.find(head[1], following + 1)
        if not at:
            break
        begin += at
    return begin


def _element(stream: IO[bytes], begin: int, end: int, stamps: Mapping[str, Any], level: int) -> Iterable[Found]:
    if end - begin > LINE_LIMIT:
        begin = _behind_white_space(stream, begin)
        if end - begin > LINE_LIMIT and level < _MOST_LEVELS and _read(stream, begin, begin + 1) in (b"[", b"{"):
            return _value(stream, begin, end, stamps, level=level + 1)
    return _whole(stream, begin, end, stamps)


def _whole(stream: IO[bytes], begin: int, end: int, stamps: Mapping[str, Any]) -> Iterable[Found]:
    """The records of a value that is read at once, unless it is too long for that."""
    if end - begin > LINE_LIMIT:
        return ((_read(stream, begin, begin + KEPT_OF_A_LONG_LINE), Refusal("line_too_long")),)
    raw = _read(stream, begin, end).strip(_WHITE_SPACE)
    value = parse(raw)
    if isinstance(value, Refusal) and not _shows_its_end(raw):
        raise _Broken(begin, value.reason)
    return unwrapped(raw, value, stamps)


def _object(stream: IO[bytes], begin: int, stamps: Mapping[str, Any], level: int) -> Generator[Found, None, int]:
    """The records of the wrapper that begins there, or the object itself as one. Returns the offset behind it."""
    members = _members(stream, begin + 1)
    if members.records is None:
        if members.broken:
            raise _Broken(begin, members.broken.reason)
        yield from _whole(stream, begin, members.end, stamps)
        return members.end
    array = _array(stream, members.records.first, {**stamps, **members.stamps}, level)
    behind = _behind_white_space(stream, (yield from array))
    if behind < members.records.end:
        raise _Broken(behind)
    if members.broken:
        raise _Broken(max(behind, members.broken.offset), members.broken.reason)
    return members.end


@dataclass(frozen=True, slots=True)
class _Records:
    """The member of a wrapper that holds the records: its key, and the offsets of itself, its first record and its end."""

    key: str
    begin: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Members:
    """What an object holds that may be a wrapper, up to its end or to where it is broken."""

    records: _Records | None
    stamps: dict[str, Any]
    end: int
    broken: _Broken | None = None


def _members(stream: IO[bytes], begin: int) -> _Members:
    """The members of the object that was opened before `begin`, seen before its records: stamps may stand behind those."""
    records: _Records | None = None
    stamps: dict[str, Any] = {}
    member = begin
    try:
        for border, mark in _borders(stream, begin):
            array = _ARRAY_OF_RECORDS.match(_read(stream, member, min(border, member + _LONGEST_HEAD)))
            key = array[1].decode() if array else ""
            if array and (records is None or _WRAPPERS.index(key) <= _WRAPPERS.index(records.key)):
                if records:
                    _member(stream, records.begin, records.end)
                records = _Records(key, member, member + array.end(), border)
            else:
                found = _member(stream, member, border)
                if not found and (mark, member) != (ord("}"), begin):
                    raise _Broken(member)
                if records and records.key in found:  # of a repeated key the last value counts
                    records = None
                stamps |= _stamps_of(found)
            if mark not in b",}":
                raise _Broken(member)
            if mark != _COMMA:
                return _Members(records, stamps, border + 1)
            member = border + 1
    except _Broken as broken:
        return _Members(records, stamps, broken.offset, broken)
    raise AssertionError("the end of the stream is a border")


def _member(stream: IO[bytes], begin: int, end: int) -> dict[str, Any]:
    """A key and its value, read at once; none where there is only white space."""
    if end - begin > LINE_LIMIT:
        raise _Broken(begin, "line_too_long")
    found = parse(b"{%s}" % _read(stream, begin, end))
    if isinstance(found, Refusal):
        raise _Broken(begin, found.reason)
    return found


def _borders(stream: IO[bytes], begin: int) -> Iterator[tuple[int, int]]:
    """Where the values end in the array or object that was opened before `begin`: the offset and byte of what ends each of them.

    That is a comma, and a closing bracket of either kind or the end of the stream for the last. Nothing else of JSON is looked at
    but strings and brackets, so that it takes a fraction of the time in which the values are read.
    """
    depth, quotes = 0, 0
    while block := _read(stream, begin, begin + _BLOCK):
        if (len(block) - len(block.rstrip(b"\\"))) % 2 and len(block) > 1:  # an escape belongs together
            block = block[:-1]
        text = block.replace(rb"\\", b"  ").replace(rb"\"", b"  ") if b"\\" in block else block
        places = np.flatnonzero(np.frombuffer(text.translate(_IS_MARK), np.bool_))
        marks = np.frombuffer(text, np.uint8)[places]
        is_quote = marks == _QUOTE
        quotes_before = quotes + np.cumsum(is_quote)
        is_structure = (quotes_before % 2 == 0) & ~is_quote
        places, marks = places[is_structure], marks[is_structure]
        depths = depth + np.cumsum(_STEP[marks])
        is_border = (depths < 0) | ((depths == 0) & (marks == _COMMA))
        for place, mark in zip(places[is_border].tolist(), marks[is_border].tolist(), strict=True):
            yield begin + place, mark
            if mark != _COMMA:
                return
        quotes += int(np.count_nonzero(is_quote))
        depth = int(depths[-1]) if len(depths) else depth
        begin += len(block)
    yield begin, _END_OF_STREAM


def _behind_white_space(stream: IO[bytes], begin: int) -> int:
    """The offset of the first byte from there on that is no white space, or of the stream's end."""
    while block := _read(stream, begin, begin + _LONGEST_HEAD):
        if rest := block.lstrip(_WHITE_SPACE):
            return begin + len(block) - len(rest)
        begin += len(block)
    return begin


def _read(stream: IO[bytes], begin: int, end: int) -> bytes:
    stream.seek(begin)
    return stream.read(end - begin)


def _shows_its_end(text: bytes) -> bool:
    """Whether a lenient reader takes the text for one value: then what follows it is not affected by what is wrong with it."""
    try:
        json.loads(text.decode("utf-8", "replace"), strict=False, parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
