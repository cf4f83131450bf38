-- One row per line of the bulk-read files of the delivery day at hand, in order, and one per event read otherwise.
-- `line` is NULL where the row's place in its file gives it.
CREATE OR REPLACE TEMP TABLE staging (
    file_id BIGINT,
    line BIGINT,
    is_plain BOOLEAN,
    identity UBIGINT,
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
    api_features VARCHAR[]
)
