-- One row per operation that providers reported and that is no upgrade, as far as all that is known of it shows: another change of
-- the resource (`update`), its making (`create`), or an abort of nothing that runs (`abort`).
CREATE TABLE IF NOT EXISTS upgrades.other_operations (
    day DATE NOT NULL,
    cluster_id VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    class VARCHAR NOT NULL,
    thread_key UBIGINT NOT NULL
)
