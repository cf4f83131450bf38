-- One row per cluster or node pool and period of validity; open ends are NULL.
CREATE TABLE IF NOT EXISTS telemetry.inventory (
    cluster_id VARCHAR NOT NULL,
    node_pool VARCHAR,
    region VARCHAR,
    workload_type VARCHAR,
    provider VARCHAR,
    valid_from TIMESTAMP,
    valid_to TIMESTAMP
)
