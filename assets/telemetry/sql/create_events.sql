-- One row per accepted event. Events of one `thread_key` are folded together: those of an operation, or of a provider's whole
-- `thread` in a cluster; `flags`: bits of `flags.Flag`. `record` orders the records of its file; NULL where the row's place among those read in bulk does.
-- Between the two steps of an intake there are rows of lines that are no events, without an identity, and duplicates.
CREATE TABLE IF NOT EXISTS telemetry.events (
    delivery_day DATE NOT NULL,
    file_id BIGINT NOT NULL,
    record BIGINT,
    identity UBIGINT,
    thread_key UBIGINT,
    source VARCHAR,
    id VARCHAR,
    type VARCHAR,
    time TIMESTAMP,
    observed_at TIMESTAMP,
    operation_id VARCHAR,
    cluster_id VARCHAR,
    scope VARCHAR,
    provider VARCHAR,
    node_pool VARCHAR,
    region VARCHAR,
    from_version VARCHAR,
    to_version VARCHAR,
    "trigger" VARCHAR,
    workload_type VARCHAR,
    node_count BIGINT,
    error_code VARCHAR,
    error_message VARCHAR,
    upgrade_id VARCHAR,
    observed_version VARCHAR,
    api_features VARCHAR[],
    thread VARCHAR,
    flags BIGINT
)
