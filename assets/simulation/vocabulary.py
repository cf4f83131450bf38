"""The words of canonical events, in the order of the codes that stand for them in arrays.

Belongs here: scopes, event types and triggers as the simulation numbers them.
Does not belong here: names that the fleet or the catalogue bring along (`fleet.py`, `releases.py`).
"""

SCOPES = ("control_plane", "node_pool", "node_image")
CONTROL_PLANE, NODE_POOL, NODE_IMAGE = range(len(SCOPES))

EVENT_TYPES = ("scheduled", "started", "succeeded", "failed", "cancelled", "superseded", "skipped")
SCHEDULED, STARTED, SUCCEEDED, FAILED, CANCELLED, SUPERSEDED, SKIPPED = range(len(EVENT_TYPES))

TRIGGERS = ("manual", "auto_channel", "security", "maintenance", "forced_eol", "ci", "unknown", "")
MANUAL, AUTO_CHANNEL, SECURITY, MAINTENANCE, FORCED_EOL, CI, UNKNOWN, UNSTATED = range(len(TRIGGERS))
"""The last one is an operation whose events say nothing about its trigger."""

NONE = -1
"""The code, or the moment, of what there is not."""
