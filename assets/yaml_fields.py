"""The fields of a YAML mapping, read strictly: each with its place, each mistake as a problem.

Belongs here: places, problems and their wording, reading one field as text, number, boolean, list or mapping.
Does not belong here: which fields exist and what they mean (`assets/slo/openslo.py`, `assets/upgrades/catalogue.py`), the syntax
of YAML (`assets/yaml_source.py`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

from assets.yaml_source import Items, Mapping, Node, Scalar

_LONGEST_QUOTE = 60  # characters of a value that a message repeats

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct, in the words of every message: what was read and what is accepted."""

    file: str
    line: int
    field: str
    read: str
    accepted: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: read {self.read}; accepted: {self.accepted}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file as the user knows it, the line from 1, the path of the field."""

    file: str
    line: int
    field: str

    def problem(self, *, read: str, accepted: str) -> Problem:
        """The problem that the value at this place has."""
        return Problem(self.file, self.line, self.field, read, accepted)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and where it was found."""

    value: T
    place: Place


def nearest(read: str, names: Sequence[str]) -> str:
    """The hint that closes a message when an accepted name is close to what was read, else nothing."""
    close = get_close_matches(read, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(node: Node) -> str:
    """A value as a message repeats it: on one line, quotes kept, cut when long."""
    if isinstance(node, Items):
        return f"a list of {len(node.nodes)}"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.type == "nothing":
        return "nothing"
    return quoted(node.text) if not node.plain else cut(node.text)


def quoted(text: str) -> str:
    """Text in double quotes, on one line, cut when long."""
    return f'"{cut(text)}"'


def cut(text: str) -> str:
    """Text on one line with control characters escaped, cut when long."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


class Fields:
    """The fields of one mapping, read by name; a field that is not among the accepted ones is a problem."""

    def __init__(self, *, problems: list[Problem], mapping: Mapping, place: Place, accepted: Sequence[str] | None) -> None:
        """`place` is where the mapping begins; `accepted` None takes any field."""
        self._problems = problems
        self._entries = mapping.entries
        self.place = place
        if accepted is None:
            return
        for name in mapping.entries:
            if name not in accepted:
                self.report(name, read="an unknown field", accepted=", ".join(accepted) + nearest(name, accepted))

    def __contains__(self, name: str) -> bool:
        return self.node(name) is not None

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> tuple[str, ...]:
        """The fields that are written, in the order of the file."""
        return tuple(self._entries)

    def place_of(self, name: str) -> Place:
        """Where a field stands; where the mapping begins when the field is absent."""
        entry = self._entries.get(name)
        path = f"{self.place.field}.{cut(name)}" if self.place.field else cut(name)
        return Place(self.place.file, entry.line if entry else self.place.line, path)

    def node(self, name: str) -> Node | None:
        """The value of a field; None when it is absent or written without a value, which means the same."""
        entry = self._entries.get(name)
        if entry is None or (isinstance(entry.node, Scalar) and entry.node.type == "nothing"):
            return None
        return entry.node

    def report(self, name: str, *, read: str, accepted: str) -> None:
        """Adds a problem with a field, or with the whole mapping when `name` is empty."""
        place = self.place_of(name) if name else self.place
        self._problems.append(place.problem(read=read, accepted=accepted))

    def text(
        self,
        name: str,
        *,
        accepted: str = "text",
        required: bool = False,
        fits: Callable[[str], object] = bool,
    ) -> Found[str] | None:
        """A text field that `fits` accepts; numbers and booleans without quotes are not text."""
        node = self._required(name, required, accepted)
        if node is None:
            return None
        if not isinstance(node, Scalar) or node.type != "text":
            if isinstance(node, Scalar) and fits(node.text):
                accepted = f"{accepted}, here in quotes: {quoted(node.text)}"
            self._refuse(name, node, accepted)
            return None
        if not fits(node.text):
            self._refuse(name, node, accepted)
            return None
        return Found(node.text, self.place_of(name))

    def choice(self, name: str, options: Sequence[str], *, required: bool = False) -> Found[str] | None:
        """A text field with a closed list of values."""
        node = self._required(name, required, ", ".join(options))
        if node is None:
            return None
        if not isinstance(node, Scalar) or node.text not in options:
            hint = nearest(node.text, options) if isinstance(node, Scalar) else ""
            self._refuse(name, node, ", ".join(options) + hint)
            return None
        return Found(node.text, self.place_of(name))

    def number(
        self,
        name: str,
        *,
        accepted: str = "a number",
        required: bool = False,
        fits: Callable[[float], bool] = math.isfinite,
    ) -> Found[str] | None:
        """A number field, as its digits; `fits` tells whether the number is accepted."""
        node = self._required(name, required, accepted)
        if node is None:
            return None
        digits = node.decimal if isinstance(node, Scalar) else None
        if digits is None or not math.isfinite(float(digits)) or not fits(float(digits)):
            self._refuse(name, node, accepted)
            return None
        return Found(digits, self.place_of(name))

    def boolean(self, name: str) -> bool:
        """A boolean field, False when absent."""
        node = self.node(name)
        if node is None:
            return False
        value = node.boolean if isinstance(node, Scalar) else None
        if value is None:
            self._refuse(name, node, "true or false")
        return bool(value)

    def mapping(self, name: str, accepted: Sequence[str] | None, *, required: bool = False) -> "Fields | None":
        """A field that is itself a mapping with the accepted fields (None: any)."""
        wanted = f"a mapping of {', '.join(accepted)}" if accepted else "a mapping"
        node = self._required(name, required, wanted)
        if node is None:
            return None
        if not isinstance(node, Mapping):
            self._refuse(name, node, wanted)
            return None
        return Fields(problems=self._problems, mapping=node, place=self.place_of(name), accepted=accepted)

    def items(self, name: str, *, accepted: str, required: bool = False) -> list[tuple[Place, Node]] | None:
        """The entries of a list field with their places; None when it is absent or not a list."""
        node = self._required(name, required, accepted)
        if node is None:
            return None
        if not isinstance(node, Items):
            self._refuse(name, node, accepted)
            return None
        path = self.place_of(name)
        return [(Place(path.file, item.line, f"{path.field}[{number}]"), item) for number, item in enumerate(node.nodes)]

    def exactly_one(self, *names: str) -> None:
        """Adds a problem unless exactly one of the fields is written."""
        given = [name for name in names if name in self]
        if len(given) != 1:
            read = " and ".join(given) if given else f"neither {' nor '.join(names)}"
            self.report("", read=read, accepted=f"exactly one of {', '.join(names)}")

    def _required(self, name: str, required: bool, accepted: str) -> Node | None:
        node = self.node(name)
        if node is None and required:
            self.report(name, read="nothing", accepted=accepted)
        return node

    def _refuse(self, name: str, node: Node, accepted: str) -> None:
        self.report(name, read=shown(node), accepted=accepted)
