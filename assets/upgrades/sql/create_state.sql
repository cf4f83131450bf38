-- One row: the delivery day up to which the operations have seen events, and the hashes of the inventory and of the
-- code that they rest on, as `fold.py` joins them.
CREATE TABLE IF NOT EXISTS upgrades.state (
    day DATE NOT NULL,
    basis VARCHAR NOT NULL
)
