-- One row per operation to fold again that has an event delivered by $day: the values of its latest events.
-- `rank` orders the events of one operation. Nearly always their observation does; ordering all by everything costs twice as much.
-- Portable subset: row_number with a total order, min, max, and arg_max that passes over NULL by its second argument.
CREATE OR REPLACE TEMP TABLE folded AS
WITH visible AS (
    SELECT
        delivery_day, source, id, operation_key, cluster_id, operation_id, type, time, observed_at,
        scope, provider, node_pool, region, from_version, to_version,
        CASE WHEN "trigger" <> 'unknown' THEN "trigger" END AS "trigger",
        workload_type, node_count, error_code, error_message, upgrade_id, observed_version, api_features
    FROM telemetry.events
    WHERE
        delivery_day IN (SELECT unnest($delivery_days::DATE[]))
        AND delivery_day <= $day
        AND operation_key IN (SELECT operation_key FROM refolded)
),
tied AS (
    SELECT DISTINCT operation_key
    FROM (
        SELECT operation_key
        FROM visible
        GROUP BY operation_key, observed_at
        HAVING count(*) > 1
    )
),
ranked AS (
    SELECT *, epoch_us(observed_at) AS rank
    FROM visible
    WHERE operation_key NOT IN (SELECT operation_key FROM tied)
    UNION ALL
    SELECT
        *,
        row_number() OVER (
            PARTITION BY cluster_id, operation_id
            ORDER BY observed_at, time, delivery_day, source, id
        ) AS rank
    FROM visible
    WHERE operation_key IN (SELECT operation_key FROM tied)
),
given AS (
    SELECT
        cluster_id,
        operation_id,
        min(CASE WHEN type = 'scheduled' THEN time END) AS scheduled_at,
        min(CASE WHEN type = 'started' THEN time END) AS started_at,
        arg_max(time, CASE WHEN type NOT IN ('scheduled', 'started') THEN rank END) AS finished_at,
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
        arg_max(api_features, CASE WHEN api_features IS NOT NULL THEN rank END) AS api_features
    FROM ranked
    GROUP BY cluster_id, operation_id
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
