-- One row per operation to fold again that has an event delivered by $day: the values of its latest events.
-- Portable subset: row_number with a total order, min, max, CASE.
CREATE OR REPLACE TEMP TABLE folded AS
WITH visible AS (
    SELECT
        cluster_id,
        operation_id,
        type,
        time,
        scope,
        provider,
        node_pool,
        region,
        from_version,
        to_version,
        CASE WHEN "trigger" <> 'unknown' THEN "trigger" END AS "trigger",
        workload_type,
        node_count,
        error_code,
        error_message,
        upgrade_id,
        observed_version,
        api_features,
        row_number() OVER (
            PARTITION BY cluster_id, operation_id
            ORDER BY observed_at, time, delivery_day, source, id
        ) AS rank
    FROM telemetry.events
    WHERE
        delivery_day IN (SELECT unnest($delivery_days::DATE[]))
        AND delivery_day <= $day
        AND operation_key IN (SELECT operation_key FROM refolded)
),
latest AS (
    SELECT
        cluster_id,
        operation_id,
        min(CASE WHEN type = 'scheduled' THEN time END) AS scheduled_at,
        min(CASE WHEN type = 'started' THEN time END) AS started_at,
        max(CASE WHEN type NOT IN ('scheduled', 'started') THEN rank END) AS terminal_rank,
        max(rank) AS scope_rank,
        max(CASE WHEN provider IS NOT NULL THEN rank END) AS provider_rank,
        max(CASE WHEN node_pool IS NOT NULL THEN rank END) AS node_pool_rank,
        max(CASE WHEN region IS NOT NULL THEN rank END) AS region_rank,
        max(CASE WHEN from_version IS NOT NULL THEN rank END) AS from_version_rank,
        max(CASE WHEN to_version IS NOT NULL THEN rank END) AS to_version_rank,
        max(CASE WHEN "trigger" IS NOT NULL THEN rank END) AS trigger_rank,
        max(CASE WHEN workload_type IS NOT NULL THEN rank END) AS workload_type_rank,
        max(CASE WHEN node_count IS NOT NULL THEN rank END) AS node_count_rank,
        max(CASE WHEN error_code IS NOT NULL THEN rank END) AS error_code_rank,
        max(CASE WHEN error_message IS NOT NULL THEN rank END) AS error_message_rank,
        max(CASE WHEN upgrade_id IS NOT NULL THEN rank END) AS upgrade_id_rank,
        max(CASE WHEN observed_version IS NOT NULL THEN rank END) AS observed_version_rank,
        max(CASE WHEN api_features IS NOT NULL THEN rank END) AS api_features_rank
    FROM visible
    GROUP BY cluster_id, operation_id
),
given AS (
    SELECT
        visible.cluster_id,
        visible.operation_id,
        max(latest.scheduled_at) AS scheduled_at,
        max(latest.started_at) AS started_at,
        max(CASE WHEN visible.rank = latest.terminal_rank THEN visible.time END) AS finished_at,
        max(CASE WHEN visible.rank = latest.terminal_rank THEN visible.type END) AS terminal_state,
        max(CASE WHEN visible.rank = latest.scope_rank THEN visible.scope END) AS scope,
        max(CASE WHEN visible.rank = latest.provider_rank THEN visible.provider END) AS provider,
        max(CASE WHEN visible.rank = latest.node_pool_rank THEN visible.node_pool END) AS node_pool,
        max(CASE WHEN visible.rank = latest.region_rank THEN visible.region END) AS region,
        max(CASE WHEN visible.rank = latest.from_version_rank THEN visible.from_version END) AS from_version,
        max(CASE WHEN visible.rank = latest.to_version_rank THEN visible.to_version END) AS to_version,
        max(CASE WHEN visible.rank = latest.trigger_rank THEN visible."trigger" END) AS "trigger",
        max(CASE WHEN visible.rank = latest.workload_type_rank THEN visible.workload_type END) AS workload_type,
        max(CASE WHEN visible.rank = latest.node_count_rank THEN visible.node_count END) AS node_count,
        max(CASE WHEN visible.rank = latest.error_code_rank THEN visible.error_code END) AS error_code,
        max(CASE WHEN visible.rank = latest.error_message_rank THEN visible.error_message END) AS error_message,
        max(CASE WHEN visible.rank = latest.upgrade_id_rank THEN visible.upgrade_id END) AS upgrade_id,
        max(CASE WHEN visible.rank = latest.observed_version_rank THEN visible.observed_version END) AS observed_version,
        max(CASE WHEN visible.rank = latest.api_features_rank THEN visible.api_features END) AS api_features
    FROM visible
    INNER JOIN latest
        ON visible.cluster_id = latest.cluster_id AND visible.operation_id = latest.operation_id
    GROUP BY visible.cluster_id, visible.operation_id
)
SELECT
    cluster_id,
    operation_id,
    scheduled_at,
    started_at,
    finished_at,
    coalesce(started_at, scheduled_at, finished_at) AS dated_at,
    coalesce(terminal_state, CASE WHEN started_at IS NOT NULL THEN 'running' ELSE 'scheduled' END) AS state,
    scope,
    provider,
    node_pool,
    region,
    from_version,
    to_version,
    "trigger",
    workload_type,
    node_count,
    error_code,
    error_message,
    upgrade_id,
    observed_version,
    api_features
FROM given
