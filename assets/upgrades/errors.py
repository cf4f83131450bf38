"""Error categories and responsibility of failed operations, by error code and message.

Belongs here: reading `error_codes.yaml`, and applying it to one failure or many.
Does not belong here: which operations failed (the fold), the codes themselves (`error_codes.yaml`), finding
the code in a provider's record (`assets/telemetry/sources/`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

CATEGORIES = (
    "pdb_drain",
    "capacity_quota",
    "networking",
    "auth_policy",
    "api_deprecation",
    "version_compat",
    "image_pull",
    "throttling",
    "configuration",
    "cancelled",
    "internal",
)
RESPONSIBILITIES = ("platform", "customer", "dependency")
# Only the table may say that it does not know; whoever runs the upgrades then answers for the failure.
_UNKNOWN, _ANSWERS_FOR_THE_UNKNOWN = "unknown", "platform"
# How much of a message is searched, in characters: the patterns are not linear, and what matters stands
# first.
_SEARCHED = 2_000
_TABLE = Path(__file__).with_name("error_codes.yaml")
_WORD = re.compile(r"\w+")
_TABLE_KEYS = ("version", "sources", "codes", "google_rpc", "messages")
_CODE_KEYS = ("codes", "category", "responsibility", "by_message")
_MESSAGE_KEYS = ("pattern", "category", "responsibility")

# (error_category, responsibility) of an operation
Classification: TypeAlias = tuple[str, str]

_FALLBACK: Classification = ("internal", _ANSWERS_FOR_THE_UNKNOWN)


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """`codes`: what each code means. `by_message`: those of them that say less than their message may.

    `messages`: patterns in the order in which they are tried.
    """

    codes: Mapping[str, Classification]
    by_message: frozenset[str]
    messages: tuple[tuple[re.Pattern[str], Classification], ...]

    def needs_message(self, error_code: str | None) -> bool:
        """Whether the message can change the classification; without a code it is all there is."""
        return not error_code or error_code in self.by_message

    def classify(self, error_code: str | None, error_message: str | None) -> Classification:
        """The classification of one failure; an unknown code is internal and the platform's."""
        known = self.codes.get(error_code, _FALLBACK) if error_code else _FALLBACK
        if error_message and self.needs_message(error_code):
            return self._by_message(error_message[:_SEARCHED]) or known
        return known

    def _by_message(self, message: str) -> Classification | None:
        """By the first pattern found, else by the first code that the message names; None without either."""
        for pattern, classification in self.messages:
            if pattern.search(message):
                return classification
        for word in _WORD.findall(message):
            if word in self.codes and word not in self.by_message and not word.isdigit():
                return self.codes[word]
        return None


def classify(error_code: str | None, error_message: str | None) -> Classification:
    """(error_category, responsibility) of a failed operation; None and "" are absence.

    The category is one of `CATEGORIES`, the responsibility one of `RESPONSIBILITIES`. Of operations that did
    not fail nobody asks: theirs are `none`.
    """
    return _table().classify(error_code, error_message)


def classify_pairs(pairs: Iterable[tuple[str | None, str | None]]) -> list[Classification]:
    """The classification of each (error_code, error_message), in order; equal pairs are looked at once."""
    table = _table()
    seen: dict[tuple[str | None, str | None], Classification] = {}
    classified = []
    for code, message in pairs:
        pair = (code, message if table.needs_message(code) else None)
        if pair not in seen:
            seen[pair] = table.classify(*pair)
        classified.append(seen[pair])
    return classified


def needs_message(error_code: str | None) -> bool:
    """Whether `classify` looks at the message that comes with this code."""
    return _table().needs_message(error_code)


def known_codes() -> frozenset[str]:
    """The error codes that stand in the table; every other one is internal and the platform's until it does."""
    return frozenset(_table().codes)


def read_table(text: str, *, name: str) -> ErrorTable:
    """The table that a YAML text holds; `name` stands in messages for where it came from.

    Raises:
        ValueError: naming the key that is missing, unknown, given twice, or has a value that is not accepted.
    """
    table = yaml.safe_load(text)
    _expect_keys(table, _TABLE_KEYS, required=_TABLE_KEYS, at=name)
    codes: dict[str, Classification] = {}
    by_message: set[str] = set()
    for section, kind in (("codes", str), ("google_rpc", int)):
        for at, row in _rows(table[section], at=f"{name}: {section}"):
            _expect_keys(row, _CODE_KEYS, required=_CODE_KEYS[:-1], at=at)
            classification = _classification(row, at=at)
            for code in _codes(row["codes"], kind, at=at):
                if code in codes:
                    raise ValueError(f"{at}.codes: {code} is given twice; accepted: once. Remove one.")
                codes[code] = classification
                if _by_message(row, at=at):
                    by_message.add(code)
    messages = []
    for at, row in _rows(table["messages"], at=f"{name}: messages"):
        _expect_keys(row, _MESSAGE_KEYS, required=_MESSAGE_KEYS, at=at)
        messages.append((_pattern(row["pattern"], at=at), _classification(row, at=at)))
    return ErrorTable(codes, frozenset(by_message), tuple(messages))


@cache
def _table() -> ErrorTable:
    return read_table(_TABLE.read_text(encoding="utf-8"), name=_TABLE.name)


def _rows(rows: object, *, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{at} is {rows!r}; accepted: a list of rows. Give at least one.")
    for number, row in enumerate(rows, start=1):
        yield f"{at}[{number}]", row


def _expect_keys(row: object, known: tuple[str, ...], *, required: tuple[str, ...], at: str) -> None:
    if not isinstance(row, dict):
        raise ValueError(f"{at} is {row!r}; accepted: a mapping with the keys {', '.join(known)}.")
    if unknown := [str(key) for key in row if key not in known]:
        raise ValueError(f"{at}.{unknown[0]} is no key; accepted: {', '.join(known)}. Correct or remove it.")
    if missing := [key for key in required if key not in row]:
        raise ValueError(f"{at}.{missing[0]} is missing; accepted: all of {', '.join(required)}. Add it.")


def _classification(row: dict[str, Any], *, at: str) -> Classification:
    accepted = {"category": CATEGORIES, "responsibility": (*RESPONSIBILITIES, _UNKNOWN)}
    for key, values in accepted.items():
        if row[key] not in values:
            raise ValueError(f"{at}.{key} is {row[key]!r}; accepted: {', '.join(values)}.")
    responsibility = row["responsibility"]
    return row["category"], _ANSWERS_FOR_THE_UNKNOWN if responsibility == _UNKNOWN else responsibility


def _codes(codes: object, kind: type, *, at: str) -> list[str]:
    if not isinstance(codes, list) or not codes or not all(type(code) is kind and code != "" for code in codes):
        raise ValueError(f"{at}.codes is {codes!r}; accepted: a list of {kind.__name__}. Correct the codes.")
    return [str(code) for code in codes]


def _by_message(row: dict[str, Any], *, at: str) -> bool:
    by_message = row.get("by_message", False)
    if not isinstance(by_message, bool):
        raise ValueError(f"{at}.by_message is {by_message!r}; accepted: true or false.")
    return by_message


def _pattern(pattern: object, *, at: str) -> re.Pattern[str]:
    try:
        if not isinstance(pattern, str) or not pattern:
            raise re.error("not a text")
        return re.compile(pattern, re.IGNORECASE)
    except re.error as problem:
        raise ValueError(f"{at}.pattern is {pattern!r}; accepted: a regular expression ({problem}).") from None
