-- One row per operation that still runs and started before $started_before: the $most oldest, the oldest first.
SELECT
    cluster_id,
    operation_id,
    scope,
    node_pool,
    from_version,
    to_version,
    region,
    workload_type,
    started_at,
    (epoch_us($as_of) - epoch_us(started_at)) / 1e6 AS age_seconds
FROM upgrades.running
WHERE started_at < $started_before
ORDER BY started_at, cluster_id, operation_id
LIMIT $most
