-- One row: the delivery day at whose end the cells were counted, and the hashes of the objectives and of the code they were counted with.
CREATE TABLE IF NOT EXISTS slo.cells_state (
    day DATE NOT NULL,
    basis VARCHAR NOT NULL
)
