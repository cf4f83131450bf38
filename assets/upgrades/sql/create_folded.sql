-- One row per operation to fold again that has an event delivered by $day: the values of its latest events. What belongs to a
-- provider's thread was put together before (`resolved`).
-- `rank` orders the events of one operation. Nearly always their observation does; ordering all by everything costs twice as much.
-- Portable subset: row_number with a total order, min, max, and arg_max that passes over NULL by its second argument.
CREATE OR REPLACE TEMP TABLE folded AS
WITH visible AS (
    SELECT
        delivery_day, source, id, thread_key, cluster_id, operation_id, type, time, observed_at,
        scope, provider, node_pool, region, from_version, to_version,
        CASE WHEN "trigger" <> 'unknown' THEN "trigger" END AS "trigger",
        workload_type, node_count, error_code, error_message, upgrade_id, observed_version, api_features, flags
    FROM telemetry.events
    WHERE
        delivery_day IN (SELECT unnest($delivery_days::DATE[]))
        AND delivery_day <= $day
        AND thread IS NULL
        AND thread_key IN (SELECT thread_key FROM refolded)
),
tied AS (
    SELECT DISTINCT thread_key
    FROM (
        SELECT thread_key
        FROM visible
        GROUP BY thread_key, observed_at
        HAVING count(*) > 1
    )
),
ranked AS (
    SELECT *, epoch_us(observed_at) AS rank
    FROM visible
    WHERE thread_key NOT IN (SELECT thread_key FROM tied)
    UNION ALL
    SELECT
        *,
        row_number() OVER (
            PARTITION BY cluster_id, operation_id
            ORDER BY observed_at, time, delivery_day, source, id
        ) AS rank
    FROM visible
    WHERE thread_key IN (SELECT thread_key FROM tied)
    UNION ALL
    SELECT
        resolved.delivery_day, resolved.source, resolved.id, resolved.thread_key, resolved.cluster_id, resolved.operation_id,
        resolved.type, resolved.time, resolved.observed_at, resolved.scope, resolved.provider, resolved.node_pool, resolved.region,
        classed.from_version, resolved.to_version, resolved."trigger", resolved.workload_type, resolved.node_count,
        resolved.error_code, resolved.error_message, resolved.upgrade_id, resolved.observed_version, resolved.api_features,
        CASE WHEN classed.is_unverified THEN resolved.flags | 512 ELSE resolved.flags END,
        resolved.rank
    FROM resolved
    INNER JOIN classed
        ON resolved.cluster_id = classed.cluster_id
        AND resolved.thread = classed.thread
        AND resolved.operation_id = classed.operation_id
    WHERE classed.class IS NULL
),
given AS (
    SELECT
        cluster_id,
        operation_id,
        max(thread_key) AS thread_key,
        min(CASE WHEN type = 'scheduled' THEN time END) AS scheduled_at,
        min(CASE WHEN type = 'started' THEN time END) AS started_at,
        arg_max(time, CASE WHEN type NOT IN ('scheduled', 'started') THEN rank END) AS last_finished_at,
        -- A poll sees an end after it was: the first one that did comes nearest.
        min(CASE WHEN type NOT IN ('scheduled', 'started') AND flags & 16 = 16 THEN time END) AS first_seen_finished_at,
        arg_max(type, CASE WHEN type NOT IN ('scheduled', 'started') THEN rank END) AS terminal_state,
        arg_max(scope, rank) AS scope,
        arg_max(provider, CASE WHEN provider IS NOT NULL THEN rank END) AS provider,
        arg_max(node_pool, CASE WHEN node_pool IS NOT NULL THEN rank END) AS node_pool,
        arg_max(region, CASE WHEN region IS NOT NULL THEN rank END) AS region,
        arg_max(from_version, CASE WHEN from_version IS NOT NULL THEN rank END) AS from_version,
        arg_max(to_version, CASE WHEN to_version IS NOT NULL THEN rank END) AS to_version,
        arg_max("trigger", CASE WHEN "trigger" IS NOT NULL THEN rank END) AS "trigger",
        arg_max(workload_type, CASE WHEN workload_type IS NOT NULL THEN rank END) AS workload_type,
        arg_max(node_count, CASE WHEN node_count IS NOT NULL THEN rank END) AS node_count,
        arg_max(error_code, CASE WHEN error_code IS NOT NULL THEN rank END) AS error_code,
        arg_max(error_message, CASE WHEN error_message IS NOT NULL THEN rank END) AS error_message,
        arg_max(upgrade_id, CASE WHEN upgrade_id IS NOT NULL THEN rank END) AS upgrade_id,
        arg_max(observed_version, CASE WHEN observed_version IS NOT NULL THEN rank END) AS observed_version,
        arg_max(api_features, CASE WHEN api_features IS NOT NULL THEN rank END) AS api_features,
        bit_or(flags) AS flags
    FROM ranked
    GROUP BY cluster_id, operation_id
)
SELECT
    cluster_id,
    operation_id,
    thread_key,
    scheduled_at,
    started_at,
    coalesce(first_seen_finished_at, last_finished_at) AS finished_at,
    coalesce(started_at, scheduled_at, first_seen_finished_at, last_finished_at) AS dated_at,
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
    api_features,
    flags
FROM given
