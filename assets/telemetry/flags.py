"""What a provider's event says about itself beyond its fields, as bits: the fold acts on some, readers are told of others.

Belongs here: the flags and their meaning.
Does not belong here: setting them (`sources/`), acting on them (`assets/upgrades/`).

Canonical events have none. An operation has the flags of all of its events.
"""

from enum import IntFlag


class Flag(IntFlag):
    """Bits of the column `flags`."""

    # The event does not know which operation it belongs to: a finish belongs to the start before it on the same resource.
    LOOSE = 1
    # A change of a resource, which is an upgrade only when something shows that it is: another version, a roll of nodes.
    WRITE = 2
    # Nodes were replaced; whether for another version or for something else is not said.
    ROLL = 4
    # The time was not stated by the provider, but follows from something else.
    INFERRED = 8
    # The time is that of the poll which saw it first: the true one is earlier, and a duration an upper bound.
    POLL_BOUND = 16
    # It ended so soon that nothing can have been replaced.
    SUSPECTED_NOOP = 32
    # The version wanted is lower than the one before.
    ROLLBACK = 64
    # The provider's history was cut, so that the version before may not be the one right before.
    PRUNED = 128
    # It failed before anything was touched.
    PREFLIGHT = 256
    # Nothing shows which version it was for, only that nodes were replaced. Set by the fold.
    UNVERIFIED = 512
