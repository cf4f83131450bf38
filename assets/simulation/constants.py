"""The numbers someone chose for the synthetic fleet, read from this folder's YAML files.

Belongs here: turning a YAML file into frozen dataclasses, and refusing keys and types that the dataclass
does not have.
Does not belong here: the numbers (`*.yaml` beside this file) and what they mean (`fleet.py`,
`releases.py`, `operations.py`, `incidents.py`, `files.py`).
"""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

Shape = TypeVar("Shape")

_FOLDER = Path(__file__).parent


def read_constants(name: str, shape: type[Shape]) -> Shape:
    """The file `<name>.yaml` of this folder as an instance of the dataclass `shape`.

    Raises:
        ValueError: if a key is unknown or missing, or a value has another type; names the file and the key.
    """
    document = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    value: Shape = _read(document, shape, where=f"{name}.yaml")
    return value


def _read(value: Any, shape: Any, *, where: str) -> Any:
    if is_dataclass(shape):
        return _read_object(value, shape, where=where)
    if get_origin(shape) is tuple:
        _expect(isinstance(value, list), value, "a list", where)
        [item_shape, *_] = get_args(shape)
        return tuple(_read(item, item_shape, where=f"{where}[{index}]") for index, item in enumerate(value))
    if get_origin(shape) is dict:
        _expect(isinstance(value, dict), value, "a mapping", where)
        [_, item_shape] = get_args(shape)
        return {key: _read(item, item_shape, where=f"{where}.{key}") for key, item in value.items()}
    if shape is float:
        _expect(isinstance(value, int | float) and not isinstance(value, bool), value, "a number", where)
        return float(value)
    _expect(type(value) is shape, value, f"a value of type {shape.__name__}", where)
    return value


def _read_object(value: Any, shape: Any, *, where: str) -> Any:
    _expect(isinstance(value, dict), value, "a mapping", where)
    hints = get_type_hints(shape)
    accepted = [field.name for field in fields(shape)]
    if set(value) != set(accepted):
        unknown, missing = sorted(set(value) - set(accepted)), sorted(set(accepted) - set(value))
        raise ValueError(
            f"{where}: unknown keys {unknown}, missing keys {missing}; accepted: exactly {accepted}. "
            "Correct the file, or the dataclass that reads it."
        )
    return shape(**{name: _read(value[name], hints[name], where=f"{where}.{name}") for name in accepted})


def _expect(holds: bool, value: Any, accepted: str, where: str) -> None:
    if not holds:
        raise ValueError(f"{where}: read {value!r}; accepted: {accepted}. Correct the file.")
