"""From the decompressed bytes of a delivered file to its records: number, bytes and object of each.

Belongs here: lines, documents and the wrappers around records; strict JSON; what the ledger counts on the
way.
Does not belong here: opening and decompressing files (`assets/telemetry/lines.py`), what a record means (the
sources).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from assets.telemetry.canonical import BYTE_ORDER_MARK, KEPT_OF_A_LONG_LINE, LINE_LIMIT, Refusal

# Keys under which exporters, command-line tools and REST interfaces put an array of records.
_WRAPPERS = ("records", "value", "items", "operations", "data")
# A collector may stamp what it wraps once instead of every record; the stamp then holds for each of them.
STAMPS = ("collected_at", "observed_at")

_LINE_READ = len(BYTE_ORDER_MARK) + LINE_LIMIT + len(b"\r\n")
_SKIPPED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    `number`: 1-based; its line where a record is a line, else its place in the document.
    `raw`: its bytes, without the line's end; written anew where a wrapper was taken off; the first 64 KiB of
    a record too long to be read.
    `value`: the object, or why there is none.
    """

    number: int
    raw: bytes
    value: dict[str, Any] | Refusal


@dataclass(slots=True)
class Counts:
    """What the ledger knows of a file; complete when the records have been read to the end.

    Where a record is a line, `lines == blank + records`. A document has lines as well, but none of them is a
    record or blank.
    """

    lines: int = 0
    blank: int = 0
    records: int = 0


def records(stream: IO[bytes], *, name: str, counts: Counts) -> Iterator[Record]:
    """The records of a file, in order; `counts` grows with them.

    `stream`: decompressed bytes, with `read` and `readline`; only read, never closed or sought.
    `name`: the file's name, with or without `.gz` or `.zst`. `.json` is one document; `.ndjson` and `.jsonl`
    are lines, of which only one at a time is held in memory.

    JSON is strict: NaN, trailing commas, lone surrogates, numbers beyond double precision's range and nesting
    beyond 1,024 levels are `invalid_json`. Of a repeated key the last value counts, since no provider writes
    one.
    """
    is_document = name.removesuffix(".gz").removesuffix(".zst").endswith(".json")
    return _document(stream.read(), counts) if is_document else _lines(stream, counts)


def _lines(stream: IO[bytes], counts: Counts) -> Iterator[Record]:
    while chunk := stream.readline(_LINE_READ):
        counts.lines += 1
        is_cut = len(chunk) == _LINE_READ and not chunk.endswith(b"\n")
        if is_cut:
            _skip_line(stream)
        line = _without_end(chunk)
        if counts.lines == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if is_cut or len(line) > LINE_LIMIT:
            value: Any = Refusal("line_too_long")
        elif not line.strip(b" \t"):
            counts.blank += 1
            continue
        else:
            value = _parse(line)
        counts.records += 1
        yield _record(counts.lines, line, value)


def _document(delivered: bytes, counts: Counts) -> Iterator[Record]:
    content = delivered.removeprefix(BYTE_ORDER_MARK)
    document = _parse(content)
    if isinstance(document, Refusal) and _is_lines(content):
        yield from _lines(io.BytesIO(delivered), counts)
        return
    counts.lines = content.count(b"\n") + (not content.endswith(b"\n"))
    for value in _unwrapped(document):
        counts.records += 1
        if value is document:
            yield _record(counts.records, content, value)
            continue
        try:
            raw = orjson.dumps(value)
        except TypeError:  # nested deeper than can be written again
            yield _record(counts.records, content[:KEPT_OF_A_LONG_LINE], Refusal("invalid_json"))
        else:
            yield _record(counts.records, raw, value)


def _is_lines(content: bytes) -> bool:
    """Whether what is no JSON document is JSON Lines after all, or nothing at all: its first line says so."""
    lines = (line for line in io.BytesIO(content) if line.strip())
    first = next(lines, None)
    return first is None or (isinstance(_parse(first), dict) and next(lines, None) is not None)


def _unwrapped(document: Any) -> Iterator[Any]:
    """The single records in a document, in order; arrays and wrappers are taken off until none is left."""
    waiting: list[tuple[Any, dict[str, Any]]] = [(document, {})]
    while waiting:
        value, stamps = waiting.pop()
        if isinstance(value, list):
            waiting.extend((item, stamps) for item in reversed(value))
        elif not isinstance(value, dict):
            yield value
        elif (wrapped := _wrapped(value)) is not None:
            waiting.append((wrapped, stamps | {stamp: value[stamp] for stamp in STAMPS if stamp in value}))
        else:
            yield stamps | value if stamps else value


def _wrapped(value: dict[str, Any]) -> list[Any] | None:
    return next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list)), None)


def _record(number: int, raw: bytes, value: Any) -> Record:
    kept = raw if len(raw) <= LINE_LIMIT else raw[:KEPT_OF_A_LONG_LINE]
    return Record(number, kept, value if isinstance(value, dict | Refusal) else Refusal("not_an_object"))


def _parse(text: bytes) -> Any:
    """The JSON value, or the refusal of a text that is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return Refusal("invalid_json" if _is_utf8(text) else "invalid_utf8")


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _without_end(chunk: bytes) -> bytes:
    return chunk[:-1].removesuffix(b"\r") if chunk.endswith(b"\n") else chunk


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(_SKIPPED_AT_ONCE)) and not rest.endswith(b"\n"):
        pass
