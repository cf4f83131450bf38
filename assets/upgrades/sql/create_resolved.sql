-- One row per event of a thread, with the operation that it belongs to among all sources, and its rank among that one's events: what
-- the most detailed source says comes before what others say, however late they say it. Where it says no region, the last
-- description of the cluster does.
-- Portable subset: row_number with a total order.
CREATE OR REPLACE TEMP TABLE resolved AS
WITH descriptions AS (
    SELECT
        cluster_id,
        thread,
        region,
        row_number() OVER (
            PARTITION BY cluster_id, thread
            ORDER BY observed_at DESC, delivery_day DESC, source, id
        ) AS age
    FROM thread_events
    WHERE type = 'described'
),
assigned AS (
    SELECT
        paired.delivery_day, paired.source, paired.id, paired.thread_key, paired.thread, paired.flags, paired.cluster_id,
        coalesce(merged.into_operation, paired.operation_id) AS operation_id,
        paired.family, paired.type, paired.time, paired.observed_at, paired.scope, paired.provider, paired.node_pool,
        coalesce(paired.region, descriptions.region) AS region,
        paired.from_version, paired.to_version, paired."trigger", paired.workload_type, paired.node_count, paired.error_code,
        paired.error_message, paired.upgrade_id, paired.observed_version, paired.api_features, paired.precedence
    FROM paired
    LEFT JOIN merged
        ON paired.cluster_id = merged.cluster_id
        AND paired.thread = merged.thread
        AND paired.operation_id = merged.operation_id
    LEFT JOIN descriptions
        ON paired.cluster_id = descriptions.cluster_id
        AND paired.thread = descriptions.thread
        AND descriptions.age = 1
)
SELECT
    delivery_day, source, id, thread_key, thread, flags, cluster_id, operation_id, family, type, time, observed_at,
    -- Of an operation some records know only that it is of the cluster, or of the pool; those that know more are right.
    CASE
        WHEN scope = 'cluster' AND max(CASE WHEN scope = 'control_plane' THEN 1 END) OVER (PARTITION BY cluster_id, operation_id) = 1
            THEN 'control_plane'
        WHEN scope = 'node_pool' AND max(CASE WHEN scope = 'node_image' THEN 1 END) OVER (PARTITION BY cluster_id, operation_id) = 1
            THEN 'node_image'
        ELSE scope
    END AS scope,
    provider, node_pool, region, from_version, to_version, "trigger", workload_type, node_count, error_code, error_message,
    upgrade_id, observed_version, api_features,
    family = 'azure_activity_log' AND flags & 1 = 1 AS is_abort,
    row_number() OVER (
        PARTITION BY cluster_id, operation_id
        ORDER BY precedence, observed_at, time, delivery_day, source, id
    ) AS rank
FROM assigned
