-- One row: the hash of the inventory files that `telemetry.inventory` holds.
CREATE TABLE IF NOT EXISTS telemetry.inventory_version (
    sha256 VARCHAR NOT NULL
)
