"""Objects within records, which some transports of Azure and of Google deliver as text that holds their JSON.

Belongs here: reading either form.
Does not belong here: plain fields (`fields.py`), records in files (`envelopes.py`).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from assets.telemetry.sources.fields import required
from assets.telemetry.sources.outcomes import RecordError


def nested(holder: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The object in the field of `holder` that the last segment of `path` names, whichever form it has.

    Raises:
        RecordError: `missing_field:<path>`, `invalid_value:<path>` for text that is no JSON, and
        `invalid_type:<path>` for JSON that is no object.
    """
    value: object = required(holder, path, object)
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise RecordError(f"invalid_value:{path}") from None
    if not isinstance(value, dict):
        raise RecordError(f"invalid_type:{path}")
    return value
