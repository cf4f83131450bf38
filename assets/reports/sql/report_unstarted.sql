-- One row per operation that was scheduled for the last days, before $due, and has not begun: the $most longest overdue. `in_all` counts
-- all of them.
SELECT
    cluster_id,
    operation_id,
    scope,
    node_pool,
    from_version,
    to_version,
    region,
    workload_type,
    scheduled_at,
    (epoch_us($due) - epoch_us(scheduled_at)) / 1e6 AS overdue_seconds,
    count(*) OVER () AS in_all
FROM upgrades.operations
WHERE
    day >= $first_day AND day <= $report_date
    AND state = 'scheduled'
    AND scheduled_at < $due
ORDER BY scheduled_at, cluster_id, operation_id
LIMIT $most
