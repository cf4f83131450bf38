-- One row per operation of the last days that says it succeeded where another version was seen: the $most newest.
SELECT
    cluster_id,
    operation_id,
    scope,
    node_pool,
    from_version,
    to_version,
    observed_version,
    region,
    workload_type,
    finished_at,
    {noop} AS is_suspected_noop
FROM upgrades.operations
WHERE day >= $first_day AND day <= $report_date AND state = 'succeeded' AND NOT version_confirmed
ORDER BY finished_at DESC, cluster_id, operation_id
LIMIT $most
