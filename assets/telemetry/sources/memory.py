"""What was found of short texts, remembered: records repeat versions, clusters and messages.

Belongs here: remembering within bounds, since the texts are a stranger's.
Does not belong here: what is found (the functions that are remembered, each in its module).
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

_TEXTS = 4096
_LONGEST_TEXT = 300


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """The same function of a text, which keeps what it found of the latest short ones; it must depend on nothing else."""
    known = lru_cache(maxsize=_TEXTS)(function)

    @wraps(function)
    def recalled(text: str) -> T:
        return known(text) if len(text) <= _LONGEST_TEXT else function(text)

    return recalled
