-- One row per changed operation that runs.
INSERT INTO upgrades.running
SELECT
    thread_key,
    cluster_id,
    operation_id,
    scope,
    node_pool,
    from_version,
    to_version,
    region,
    workload_type,
    started_at
FROM changed
WHERE state = 'running'
