-- One row per operation in `upgrades.operations` that runs: few, and wanted all at once, however long ago they started.
CREATE TABLE IF NOT EXISTS upgrades.running (
    thread_key UBIGINT NOT NULL,
    cluster_id VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    node_pool VARCHAR,
    from_version VARCHAR,
    to_version VARCHAR,
    region VARCHAR NOT NULL,
    workload_type VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL
)
