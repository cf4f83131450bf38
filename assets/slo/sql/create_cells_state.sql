-- One row: the delivery day at whose end the cells were counted, and the hash of the objectives they count for.
CREATE TABLE IF NOT EXISTS slo.cells_state (
    day DATE NOT NULL,
    objectives_sha256 VARCHAR NOT NULL
)
