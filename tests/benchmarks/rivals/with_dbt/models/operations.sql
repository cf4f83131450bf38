-- One row per operation: the latest value of each attribute, what the inventory adds, and whether it is a first attempt.
{{ config(materialized='table') }}
WITH folded AS (
    SELECT
        cluster_id,
        operation_id,
        min(time) FILTER (WHERE type = 'scheduled') AS scheduled_at,
        min(time) FILTER (WHERE type = 'started') AS started_at,
        arg_max(type, rank) FILTER (WHERE type NOT IN ('scheduled', 'started')) AS ended_as,
        arg_max(time, rank) FILTER (WHERE type NOT IN ('scheduled', 'started')) AS finished_at,
        arg_max(scope, rank) AS scope,
        arg_max(provider, rank) AS provider,
        arg_max(node_pool, rank) AS node_pool,
        arg_max(region, rank) AS region,
        arg_max(to_version, rank) AS to_version,
        arg_max("trigger", rank) AS "trigger",
        arg_max(workload_type, rank) AS workload_type,
        arg_max(error_code, rank) AS error_code,
        arg_max(error_message, rank) AS error_message,
        arg_max(upgrade_id, rank) AS upgrade_id,
        arg_max(observed_version, rank) AS observed_version
    FROM (SELECT *, observed_at AS rank FROM {{ ref('events') }})
    GROUP BY cluster_id, operation_id
),
dated AS (
    SELECT
        *,
        coalesce(started_at, scheduled_at, finished_at) AS dated_at,
        coalesce(ended_as, CASE WHEN started_at IS NULL THEN 'scheduled' ELSE 'running' END) AS state
    FROM folded
),
enriched AS (
    SELECT
        dated.* EXCLUDE (provider, region, workload_type, "trigger"),
        coalesce(dated.provider, pools.provider, clusters.provider, 'unknown') AS provider,
        coalesce(dated.region, pools.region, clusters.region, 'unknown') AS region,
        coalesce(dated.workload_type, pools.workload_type, clusters.workload_type, 'unknown') AS workload_type,
        coalesce(dated."trigger", 'unknown') AS "trigger",
        coalesce(failures.responsibility, CASE WHEN dated.state = 'failed' THEN 'platform' ELSE 'none' END) AS responsibility
    FROM dated
    LEFT JOIN {{ ref('inventory') }} AS pools
        ON dated.cluster_id = pools.cluster_id
        AND dated.node_pool = pools.node_pool
        AND dated.dated_at >= pools.valid_from
        AND dated.dated_at < pools.valid_to
    LEFT JOIN {{ ref('inventory') }} AS clusters
        ON dated.cluster_id = clusters.cluster_id
        AND clusters.node_pool IS NULL
        AND dated.dated_at >= clusters.valid_from
        AND dated.dated_at < clusters.valid_to
    LEFT JOIN {{ ref('failures') }} AS failures
        ON dated.state = 'failed'
        AND dated.error_code IS NOT DISTINCT FROM failures.error_code
        AND dated.error_message IS NOT DISTINCT FROM failures.error_message
),
-- Operations without an upgrade_id on one resource and towards one version are one upgrade until it has succeeded.
rounds AS (
    SELECT
        *,
        CASE WHEN upgrade_id IS NULL THEN to_version END AS towards,
        CASE WHEN upgrade_id IS NULL THEN
            count(*) FILTER (WHERE state = 'succeeded') OVER (
                PARTITION BY provider, cluster_id, scope, node_pool, to_version, upgrade_id IS NULL
                ORDER BY dated_at, operation_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        END AS round
    FROM enriched
)
SELECT
    CAST(dated_at AS DATE) AS day,
    coalesce(to_version, 'unknown') AS to_version,
    coalesce(nullif(regexp_extract(to_version, '^v?([0-9]+\.[0-9]+)', 1), ''), 'unknown') AS to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    state,
    started_at,
    epoch_us(finished_at) - epoch_us(started_at) AS duration_us,
    observed_version IS NULL OR observed_version IS NOT DISTINCT FROM to_version AS has_version,
    responsibility,
    row_number() OVER (
        PARTITION BY provider, cluster_id, scope, node_pool, upgrade_id, towards, round
        ORDER BY dated_at, operation_id
    ) = 1 AS is_first_attempt
FROM rounds
