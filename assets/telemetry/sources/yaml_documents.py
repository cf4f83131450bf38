"""YAML files as the values that JSON would hold: numbers, booleans and nulls of YAML 1.2, everything else as the text it is.

Belongs here: the syntax of YAML as far as providers' tools write it, and what is refused of it.
Does not belong here: what a document means (the sources), objectives, whose readers are told the line of each flaw
(`assets/yaml_source.py`, which also says what a scalar is).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from assets.telemetry.canonical import Refusal
from assets.yaml_source import Scalar

# YAML cannot be read strictly without reading all of it, so its size is bounded, with what aliases repeat written out.
LONGEST_FILE_BYTES = 64 << 20

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_KEY = object()


class _Unacceptable(ValueError):
    """YAML, but not of a kind that stands for JSON."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end is yet to come. `key` waits for its value; `size` is that of the document before it."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    size: int
    key: Any = _NO_KEY

    def add(self, value: Any) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is _NO_KEY:
            self.key = value
        else:
            self.value[self.key] = value  # of a repeated key the last value counts, as in JSON
            self.key = _NO_KEY

    def awaits_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is _NO_KEY


def read_yaml(content: bytes) -> list[Any] | Refusal:
    """The documents of a file, those that hold nothing left out; or `invalid_yaml` for the file as a whole.

    Refused are text that is no YAML, tags, keys that are no text, infinite numbers, and files that are longer than 64 MiB with
    every alias replaced by what it stands for.
    """
    if len(content) > LONGEST_FILE_BYTES:
        return Refusal("invalid_yaml")
    try:
        documents = [document for document in _documents(content) if document is not None]
        for document in documents:
            orjson.dumps(document)  # so that what cannot be written as JSON, such as half a character, is found here
    except (yaml.YAMLError, ValueError, OverflowError, TypeError):
        return Refusal("invalid_yaml")
    return documents


def _documents(content: bytes) -> Iterator[Any]:
    """The values of the documents, built from the parser's events without recursion."""
    opened: list[_Open] = []
    anchors: dict[str, tuple[Any, int]] = {}  # what an alias stands for, and its size; a node is known when it is complete
    size = 0
    value: Any
    for event in yaml.parse(content, Loader=_LOADER):
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise _Unacceptable(f"the tag {event.tag}")
        is_key = bool(opened) and opened[-1].awaits_key()
        match event:
            case yaml.DocumentStartEvent():
                anchors = {}
                continue
            case yaml.CollectionStartEvent():
                opened.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, size))
                size += 1
                continue
            case yaml.CollectionEndEvent():
                ended = opened.pop()
                value, anchor, before = ended.value, ended.anchor, ended.size
                is_key = bool(opened) and opened[-1].awaits_key()
            case yaml.ScalarEvent():
                value, anchor, before = event.value if is_key else _scalar(event), event.anchor, size
                size += 1 + len(event.value)
            case yaml.AliasEvent() if event.anchor in anchors:
                (value, repeated), anchor, before = anchors[event.anchor], None, size
                size += repeated
            case yaml.AliasEvent():
                raise _Unacceptable(f"the alias *{event.anchor} of nothing before it")
            case _:
                continue
        if size > LONGEST_FILE_BYTES:
            raise _Unacceptable("aliases")
        if anchor is not None:
            anchors[anchor] = value, size - before
        if is_key and not isinstance(value, str):
            raise _Unacceptable("a key that is no text")
        if opened:
            opened[-1].add(value)
        else:
            yield value


def _scalar(event: yaml.ScalarEvent) -> Any:
    scalar = Scalar(0, event.value, plain=event.implicit[0])
    match scalar.type:
        case "nothing":
            return None
        case "boolean":
            return scalar.boolean
        case "number" if scalar.decimal is not None:
            return _number(scalar.decimal)
        case _:
            return event.value


def _number(digits: str) -> int | float:
    """The number as a JSON reader has it: beyond 64 bits it is rounded."""
    if digits.lstrip("+-").isdecimal() and len(digits) <= 20 and -(2**63) <= int(digits) < 2**64:
        return int(digits)
    number = float(digits)
    if math.isinf(number):
        raise _Unacceptable(f"the number {digits[:20]}")
    return number
