"""From the decompressed bytes of a delivered file to its records: number, line, bytes and object of each.

Belongs here: lines and what they wrap, telling lines from documents, what the ledger counts on the way.
Does not belong here: opening and decompressing files (`assets/telemetry/lines.py`), where the records of a document begin and end
(`documents.py`, `yaml_documents.py`), what a record means (the sources).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import orjson

from assets.telemetry.canonical import BYTE_ORDER_MARK, KEPT_OF_A_LONG_LINE, LINE_LIMIT, Refusal
from assets.telemetry.sources.documents import STAMPS, Found, parse, streamed, unwrapped
from assets.telemetry.sources.outcomes import NotAnUpgrade
from assets.telemetry.sources.yaml_documents import LONGEST_FILE_BYTES, read_yaml

__all__ = ["STAMPS", "Counts", "Record", "records"]

_LINE_READ = len(BYTE_ORDER_MARK) + LINE_LIMIT + len(b"\r\n")
_READ_AT_ONCE = 1 << 20


class Record(NamedTuple):
    """One record of a file.

    `number`: its place among the records of the file, from 1. `line`: where it stands; in a document, which has no line for each
    record, its place again. `raw`: its bytes without the line's end; written anew where it stood in a wrapper that was read at
    once, or was YAML; the first 64 KiB of what is too long to be read, and of the rest of a document that is broken. `value`: the
    object, why there is none, or `empty` for a line that wraps nothing.
    """

    number: int
    line: int
    raw: bytes
    value: dict[str, Any] | Refusal | NotAnUpgrade


@dataclass(slots=True)
class Counts:
    """What the ledger knows of a file; complete when the records have been read to the end.

    Where each line is one record, `lines == blank + records`. A document has lines as well, but none is a record or blank.
    """

    lines: int = 0
    blank: int = 0
    records: int = 0


def records(stream: IO[bytes], *, name: str, counts: Counts) -> Iterator[Record]:
    """The records of a file, in order; `counts` grows with them.

    `stream`: decompressed bytes, at their start; of a document it is sought, of lines only read. `name`: the file's name, with or
    without `.gz` or `.zst`. `.ndjson` and `.jsonl` are lines; `.json` is one document, unless its first line is one already and
    more follow; `.yaml` and `.yml` are YAML. Arrays are unwrapped everywhere, and so are objects that hold one under `records`,
    `value`, `items`, `operations` or `data`.

    However large the file, only one record or line at a time is held, of at most 16 MiB. YAML alone cannot be read like that and
    is refused as a whole beyond 64 MiB.
    """
    plain = name.removesuffix(".gz").removesuffix(".zst")
    if plain.endswith((".yaml", ".yml")):
        return _of_document(_yaml(stream), stream, counts)
    if plain.endswith(".json") and not _is_lines(stream):
        return _of_document(streamed(stream, _begin(stream)), stream, counts)
    return _lines(stream, counts)


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
            found: Iterable[Found] = ((line[:KEPT_OF_A_LONG_LINE], Refusal("line_too_long")),)
        elif not line.strip(b" \t"):
            counts.blank += 1
            continue
        else:
            found = unwrapped(line, parse(line))
        before = counts.records
        for raw, value in found:
            counts.records += 1
            yield Record(counts.records, counts.lines, raw, value)
        if counts.records == before:
            counts.records += 1
            yield Record(counts.records, counts.lines, line, NotAnUpgrade("empty"))


def _of_document(found: Iterable[Found], stream: IO[bytes], counts: Counts) -> Iterator[Record]:
    stream.seek(0)
    last = b"\n"
    while block := stream.read(_READ_AT_ONCE):
        counts.lines += block.count(b"\n")
        last = block
    counts.lines += not last.endswith(b"\n")
    for number, (raw, value) in enumerate(found, start=1):
        counts.records = number
        yield Record(number, number, raw, value)


def _yaml(stream: IO[bytes]) -> Iterator[Found]:
    stream.seek(0)
    content = stream.read(LONGEST_FILE_BYTES + 1)
    documents = read_yaml(content)
    if isinstance(documents, Refusal):
        yield content[:KEPT_OF_A_LONG_LINE], documents
    else:
        for document in documents:
            yield from unwrapped(orjson.dumps(document), document)


def _is_lines(stream: IO[bytes]) -> bool:
    """Whether a file named as a document is JSON Lines after all, or nothing at all: its first line with anything on it says so.

    Leaves the stream at its start.
    """
    lines = iter(lambda: stream.readline(_LINE_READ).removeprefix(BYTE_ORDER_MARK), b"")
    filled = (line for line in lines if line.strip())
    first = next(filled, None)
    follows = first is not None and first.endswith(b"\n") and next(filled, None) is not None
    stream.seek(0)
    return first is None or (follows and isinstance(parse(first), dict | list))


def _begin(stream: IO[bytes]) -> int:
    """The offset behind the byte order mark, if there is one."""
    stream.seek(0)
    return len(BYTE_ORDER_MARK) if stream.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK else 0


def _without_end(chunk: bytes) -> bytes:
    return chunk[:-1].removesuffix(b"\r") if chunk.endswith(b"\n") else chunk


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(_READ_AT_ONCE)) and not rest.endswith(b"\n"):
        pass
