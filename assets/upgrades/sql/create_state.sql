-- One row: the delivery day up to which the operations have seen events, and the hash of the inventory they were joined with.
CREATE TABLE IF NOT EXISTS upgrades.state (
    day DATE NOT NULL,
    basis VARCHAR NOT NULL
)
