"""Fields of provider records, read with their type checked.

Belongs here: absence, presence and type of one field, and the reason by which a record is refused for it.
Does not belong here: times (`times.py`), what a field means (the source's own module).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from assets.telemetry.sources.outcomes import RecordError

T = TypeVar("T")


def optional(holder: Mapping[str, Any], path: str, kind: type[T]) -> T | None:
    """The field of `holder` that the last segment of `path` names; None when absent, null or empty text.

    Raises:
        RecordError: `invalid_type:<path>` when the value is of another type.
    """
    value = holder.get(_name(path))
    if not value and (value is None or value == ""):
        return None
    if not isinstance(value, kind):
        raise RecordError(f"invalid_type:{path}")
    return value


def required(holder: Mapping[str, Any], path: str, kind: type[T]) -> T:
    """As `optional`, for a field without which the record means nothing.

    Raises:
        RecordError: `missing_field:<path>` when absent, `invalid_type:<path>` when of another type.
    """
    value = holder.get(_name(path))
    if not value and (value is None or value == ""):
        raise RecordError(f"missing_field:{path}")
    if not isinstance(value, kind):
        raise RecordError(f"invalid_type:{path}")
    return value


@cache  # paths are written in the sources
def _name(path: str) -> str:
    return path.rpartition(".")[2]
