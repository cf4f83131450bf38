"""Tables as equally long NumPy arrays.

Belongs here: taking and joining rows of a dataclass whose fields are arrays.
Does not belong here: any column; operations are in `operations.py`, events in `events.py`.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Rows:
    """Base of dataclasses whose every field is an array of shape (rows,)."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def take(self, rows: Ints | Bools) -> Self:
        """The rows at these positions (integers, repeats allowed) or under this mask (booleans)."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))  # type: ignore[arg-type]

    @classmethod
    def empty(cls) -> Self:
        return cls(*(np.zeros(0, np.int64) for _ in fields(cls)))  # type: ignore[arg-type]

    @classmethod
    def concat(cls, tables: Sequence[Self]) -> Self:
        """The rows of several tables, one table after the other; at least one table."""
        if len(tables) == 1:
            return tables[0]
        names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        return cls(*(np.concatenate([getattr(table, name) for table in tables]) for name in names))
