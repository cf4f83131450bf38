-- One row per event of a thread, with the operation that it belongs to within its source. A loose end (flag 1) belongs to the last
-- start before it on the same resource, if nothing ended that one and it is no longer ago than $longest_microseconds; a loose start
-- that nothing ended before the next one was superseded then, which is a row of its own.
-- Portable subset: running and plain counts, min and max over windows with a total order.
CREATE OR REPLACE TEMP TABLE paired AS
WITH placed AS (
    SELECT
        *,
        -- The operations of one resource follow each other; Event Grid tells those of a whole cluster apart by their scope alone.
        CASE WHEN family = 'aks_event_grid' AND node_pool IS NULL THEN scope END AS part,
        CASE type WHEN 'scheduled' THEN 0 WHEN 'started' THEN 1 ELSE 2 END AS step
    FROM thread_events
    WHERE type <> 'described'
),
counted AS (
    SELECT
        *,
        count(CASE WHEN step = 1 THEN 1 END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part
            ORDER BY time, step, type, source, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS starts
    FROM placed
),
grouped AS (
    SELECT
        *,
        max(CASE WHEN step = 1 THEN operation_id END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part, starts
        ) AS started_operation,
        max(CASE WHEN step = 1 THEN time END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part, starts
        ) AS started_at,
        min(CASE WHEN step = 2 THEN time END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part, starts
        ) AS ended_at,
        count(CASE WHEN step = 2 THEN 1 END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part, starts
            ORDER BY time, step, type, source, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS ends,
        min(CASE WHEN step = 1 THEN time END) OVER (
            PARTITION BY cluster_id, thread, family, node_pool, part
            ORDER BY time, step, type, source, id
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_started_at
    FROM counted
),
judged AS (
    SELECT
        *,
        flags & 1 = 1 AS is_loose,
        coalesce(epoch_us(ended_at) - epoch_us(started_at) <= $longest_microseconds, false) AS is_closed
    FROM grouped
)
SELECT
    delivery_day, source, id, thread_key, thread, flags, cluster_id,
    CASE WHEN is_loose AND step = 2 AND ends = 1 AND is_closed THEN started_operation ELSE operation_id END AS operation_id,
    family, precedence, type, time, observed_at, scope, provider, node_pool, region, from_version, to_version, "trigger", workload_type,
    node_count, error_code, error_message, upgrade_id, observed_version, api_features
FROM judged
UNION ALL
SELECT
    delivery_day, source, id || '/superseded', thread_key, thread, flags, cluster_id, operation_id,
    family, precedence, 'superseded', next_started_at, next_started_at, scope, provider, node_pool, region, from_version, to_version, "trigger",
    workload_type, node_count, error_code, error_message, upgrade_id, observed_version, api_features
FROM judged
WHERE is_loose AND step = 1 AND NOT is_closed AND next_started_at > time
