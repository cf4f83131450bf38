"""YAML text as trees of nodes that know their line, with every scalar left as it was written.

Belongs here: the syntax of YAML, what we refuse of it (anchors, tags, endless nesting), what a scalar is.
Does not belong here: reading fields from the nodes that this module returns (`assets/yaml_fields.py`), which fields there are
(`assets/slo/openslo.py`, `assets/upgrades/catalogue.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import yaml

LONGEST_FILE_BYTES = 1 << 20  # people read and write these files: one MiB is far beyond any of them
DEEPEST_NESTING = 40  # OpenSLO, the deepest, needs about ten levels

ScalarType = Literal["text", "number", "boolean", "nothing"]

# The core schema of YAML 1.2: `on`, `yes` and dates are text, as the public Go SDK reads them.
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_OTHER_NUMBER = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = {"", "~", "null", "Null", "NULL"}
# What an escape in double quotes can write and no text may hold: controls, halves of surrogate pairs.
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; `plain` means without quotes, so that 20 and "20" stay apart."""

    line: int
    text: str
    plain: bool

    @property
    def type(self) -> ScalarType:
        """What YAML 1.2 takes the value for."""
        if not self.plain:
            return "text"
        if self.text in _NOTHING:
            return "nothing"
        if self.text in _BOOLEANS:
            return "boolean"
        if _NUMBER.fullmatch(self.text) or _OTHER_NUMBER.fullmatch(self.text):
            return "number"
        return "text"

    @property
    def boolean(self) -> bool | None:
        """The boolean, or None when the value is something else."""
        return _BOOLEANS.get(self.text) if self.plain else None

    @property
    def decimal(self) -> str | None:
        """The digits of a finite decimal number, or None when the value is something else."""
        return self.text if self.plain and _NUMBER.fullmatch(self.text) else None


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    line: int
    nodes: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: the line of the key and the node of the value."""

    line: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping; of a repeated key the first value is kept and the repetition is a flaw of the file."""

    line: int
    entries: dict[str, Entry] = field(default_factory=dict)


Node = Scalar | Items | Mapping


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something the text itself has wrong: the line (from 1), what was read, what is accepted instead."""

    line: int
    read: str
    accepted: str


@dataclass(frozen=True, slots=True)
class Source:
    """What one file held. `complete` is False when reading stopped early: later documents are unknown."""

    documents: tuple[Node, ...]
    flaws: tuple[Flaw, ...]
    complete: bool


class _Stop(Exception):  # carries a flaw out of the loop below; never leaves this module
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.read)
        self.flaw = flaw


def read_yaml(content: bytes) -> Source:
    """The documents of a file; documents that hold nothing (a stray `---`) are left out.

    Never raises on content: what cannot be read is a flaw with its line; the documents before it are kept.
    """
    if len(content) > LONGEST_FILE_BYTES:
        size = f"{len(content):,} bytes"
        return Source((), (Flaw(1, size, f"a file of at most {LONGEST_FILE_BYTES:,} bytes"),), complete=False)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        read = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        return Source((), (Flaw(line, read, "text in UTF-8"),), complete=False)

    documents: list[Node] = []
    flaws: list[Flaw] = []
    try:
        for tree in _trees(text, flaws):
            if not (isinstance(tree, Scalar) and tree.type == "nothing"):
                documents.append(tree)
    except _Stop as stop:
        return Source(tuple(documents), (*flaws, stop.flaw), complete=False)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        read = f"character U+{ord(text[error.position]):04X}"
        flaws.append(Flaw(line, read, "printable text"))
        return Source(tuple(documents), tuple(flaws), complete=False)
    except yaml.MarkedYAMLError as error:
        flaws.append(_syntax_flaw(error))
        return Source(tuple(documents), tuple(flaws), complete=False)
    if not documents and not flaws:
        flaws.append(Flaw(1, "an empty file", "at least one document"))
    return Source(tuple(documents), tuple(flaws), complete=True)


def _syntax_flaw(error: yaml.MarkedYAMLError) -> Flaw:
    mark = error.problem_mark or error.context_mark
    why = " ".join(part for part in (error.context, error.problem) if part)
    return _not_yaml(mark.line + 1 if mark else 1, why)


def _not_yaml(line: int, why: str) -> Flaw:
    return Flaw(line, f"text that is not YAML ({why})", "mappings indented with spaces, documents separated by ---")


def _trees(text: str, flaws: list[Flaw]) -> Iterator[Node]:
    """One tree per document, built from the parser's events without recursion, as the parser itself works."""
    open_nodes: list[Items | Mapping] = []
    open_keys: list[Scalar | None] = []  # per open node, the key that waits for its value
    for event in _events(text):
        if isinstance(event, yaml.AliasEvent):
            raise _Stop(_unsupported(event, f"the alias *{event.anchor}"))
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _Stop(_unsupported(event, f"the anchor &{event.anchor}"))
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise _Stop(_unsupported(event, f"the tag {event.tag}"))

        node: Node
        if isinstance(event, yaml.ScalarEvent):
            if hidden := _HIDDEN.search(event.value):
                raise _Stop(Flaw(_line(event), f"character U+{ord(hidden[0]):04X}", "printable text"))
            node = Scalar(_line(event), event.value, plain=event.style is None)
        elif isinstance(event, yaml.CollectionStartEvent):
            line = _line(event)
            if len(open_nodes) == DEEPEST_NESTING:
                read = f"more than {DEEPEST_NESTING} levels of nesting"
                raise _Stop(Flaw(line, read, "mappings and lists within each other, about ten levels at most"))
            if open_nodes and isinstance(open_nodes[-1], Mapping) and open_keys[-1] is None:
                raise _Stop(Flaw(line, "a list or mapping as a key", "text as a key"))
            open_nodes.append(Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Items(line))
            open_keys.append(None)
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            node = open_nodes.pop()
            open_keys.pop()
        else:
            continue  # stream and document borders carry nothing

        if not open_nodes:
            yield node
            continue
        parent, key = open_nodes[-1], open_keys[-1]
        if isinstance(parent, Items):
            parent.nodes.append(node)
        elif key is None:
            assert isinstance(node, Scalar)  # collections as keys stopped above
            open_keys[-1] = node
        else:
            open_keys[-1] = None
            if key.text in parent.entries:
                first = parent.entries[key.text].line
                read = f'the key "{key.text}" a second time (first on line {first})'
                flaws.append(Flaw(key.line, read, "each key once"))
            else:
                parent.entries[key.text] = Entry(key.line, node)


def _events(text: str) -> Iterator[yaml.Event]:
    """The parser's events; what the parser itself stumbles over, such as "\\UFFFFFFFF", is a flaw too."""
    line = 1
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    while True:
        try:
            event = next(events, None)
        except (ValueError, OverflowError) as error:
            raise _Stop(_not_yaml(line, str(error))) from None
        if event is None:
            return
        line = _line(event)
        yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _unsupported(event: yaml.Event, what: str) -> Flaw:
    return Flaw(_line(event), what, "values written out, without anchors, aliases and tags")
