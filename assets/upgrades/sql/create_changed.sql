-- One row per operation that is to be written: all that were folded again, and siblings whose carried version, upgrade or attempt
-- are others than before.
-- Portable subset: row_number with a total order, count, max, CASE.
CREATE OR REPLACE TEMP TABLE changed AS
WITH siblings_and_own AS (
    SELECT
        CAST(NULL AS BIGINT) AS row_id,
        true AS is_refolded,
        true AS is_numbered,
        enriched.thread_key,
        enriched.resource_key,
        enriched.upgrade_key,
        enriched.cluster_id,
        enriched.operation_id,
        enriched.scope,
        enriched.provider,
        enriched.node_pool,
        enriched.region,
        enriched.workload_type,
        enriched.given_from_version,
        enriched.to_version,
        enriched."trigger",
        enriched.node_count,
        enriched.state,
        enriched.scheduled_at,
        enriched.started_at,
        enriched.finished_at,
        enriched.dated_at,
        enriched.given_upgrade_id,
        enriched.error_code,
        enriched.error_message,
        coalesce(failures.category, 'none') AS error_category,
        coalesce(failures.responsibility, 'none') AS responsibility,
        enriched.observed_version,
        enriched.api_features,
        enriched.flags,
        CAST(NULL AS VARCHAR) AS old_from_version,
        CAST(NULL AS VARCHAR) AS old_upgrade_id,
        CAST(NULL AS BIGINT) AS old_attempt
    FROM enriched
    LEFT JOIN failures
        ON enriched.state = 'failed'
        AND enriched.error_code IS NOT DISTINCT FROM failures.error_code
        AND enriched.error_message IS NOT DISTINCT FROM failures.error_message
    UNION ALL
    SELECT
        row_id,
        false,
        is_numbered,
        thread_key,
        resource_key,
        upgrade_key,
        cluster_id,
        operation_id,
        scope,
        provider,
        node_pool,
        region,
        workload_type,
        given_from_version,
        to_version,
        "trigger",
        node_count,
        state,
        scheduled_at,
        started_at,
        finished_at,
        coalesce(started_at, scheduled_at, finished_at),
        given_upgrade_id,
        error_code,
        error_message,
        error_category,
        responsibility,
        observed_version,
        api_features,
        flags,
        from_version,
        upgrade_id,
        attempt
    FROM siblings
),
successes AS (
    SELECT
        resource_key,
        provider,
        cluster_id,
        scope,
        node_pool,
        operation_id,
        finished_at,
        to_version,
        row_number() OVER (
            PARTITION BY provider, cluster_id, scope, node_pool
            ORDER BY finished_at, operation_id
        ) AS place
    FROM donors
),
moments AS (
    SELECT provider, cluster_id, scope, node_pool, operation_id, resource_key, finished_at AS moment, 0 AS is_start
    FROM successes
    UNION ALL
    SELECT provider, cluster_id, scope, node_pool, operation_id, resource_key, started_at, 1
    FROM receivers
),
starts AS (
    SELECT
        resource_key,
        provider,
        cluster_id,
        scope,
        node_pool,
        operation_id,
        is_start,
        count(CASE WHEN is_start = 0 THEN 1 END) OVER (
            PARTITION BY provider, cluster_id, scope, node_pool
            ORDER BY moment, is_start, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS successes_before
    FROM moments
),
-- The last success before a start; the one before that when the last is the operation itself, which took no time.
carried AS (
    SELECT
        starts.cluster_id,
        starts.operation_id,
        CASE WHEN latest.operation_id = starts.operation_id THEN previous.to_version ELSE latest.to_version END AS to_version
    FROM starts
    INNER JOIN successes AS latest
        ON starts.resource_key = latest.resource_key
        AND starts.successes_before = latest.place
        AND starts.provider = latest.provider
        AND starts.cluster_id = latest.cluster_id
        AND starts.scope = latest.scope
        AND starts.node_pool IS NOT DISTINCT FROM latest.node_pool
    LEFT JOIN successes AS previous
        ON starts.resource_key = previous.resource_key
        AND starts.successes_before - 1 = previous.place
        AND starts.provider = previous.provider
        AND starts.cluster_id = previous.cluster_id
        AND starts.scope = previous.scope
        AND starts.node_pool IS NOT DISTINCT FROM previous.node_pool
    WHERE starts.is_start = 1
),
-- Attempts of one upgrade: those that were given its name, or those towards one version until one of them succeeds.
-- Most upgrades have one attempt, which needs no order.
retried AS (
    SELECT upgrade_key
    FROM siblings_and_own
    WHERE is_numbered
    GROUP BY upgrade_key
    HAVING count(*) > 1
),
ordered AS (
    SELECT
        cluster_id,
        operation_id,
        provider,
        scope,
        node_pool,
        dated_at,
        given_upgrade_id,
        CASE WHEN given_upgrade_id IS NULL THEN to_version END AS towards,
        CASE
            WHEN given_upgrade_id IS NULL THEN
                count(CASE WHEN state = 'succeeded' THEN 1 END) OVER (
                    PARTITION BY provider, cluster_id, scope, node_pool, given_upgrade_id, to_version
                    ORDER BY dated_at, operation_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                )
        END AS upgrades_before
    FROM siblings_and_own
    WHERE is_numbered AND upgrade_key IN (SELECT upgrade_key FROM retried)
),
numbered AS (
    SELECT
        cluster_id,
        operation_id,
        provider,
        scope,
        node_pool,
        given_upgrade_id,
        towards,
        upgrades_before,
        row_number() OVER (
            PARTITION BY provider, cluster_id, scope, node_pool, given_upgrade_id, towards, upgrades_before
            ORDER BY dated_at, operation_id
        ) AS attempt
    FROM ordered
),
named AS (
    SELECT
        cluster_id,
        operation_id,
        attempt,
        coalesce(
            given_upgrade_id,
            cluster_id || '/' || max(CASE WHEN attempt = 1 THEN operation_id END) OVER (
                PARTITION BY provider, cluster_id, scope, node_pool, given_upgrade_id, towards, upgrades_before
            )
        ) AS upgrade_id
    FROM numbered
),
rebuilt AS (
    SELECT
        own.row_id,
        CAST(own.dated_at AS DATE) AS day,
        own.cluster_id,
        own.operation_id,
        own.scope,
        own.provider,
        own.node_pool,
        own.region,
        own.workload_type,
        CASE
            WHEN own.given_from_version IS NOT NULL THEN own.given_from_version
            WHEN own.is_refolded OR receivers.operation_id IS NOT NULL THEN carried.to_version
            ELSE own.old_from_version
        END AS from_version,
        own.to_version,
        own."trigger",
        own.node_count,
        own.state,
        own.scheduled_at,
        own.started_at,
        own.finished_at,
        CASE
            WHEN own.is_numbered
                THEN coalesce(named.upgrade_id, own.given_upgrade_id, own.cluster_id || '/' || own.operation_id)
            ELSE own.old_upgrade_id
        END AS upgrade_id,
        CASE WHEN own.is_numbered THEN coalesce(named.attempt, 1) ELSE own.old_attempt END AS attempt,
        own.error_code,
        own.error_message,
        own.error_category,
        own.responsibility,
        own.observed_version,
        own.api_features,
        own.flags,
        own.thread_key,
        own.resource_key,
        own.upgrade_key,
        own.given_from_version,
        own.given_upgrade_id,
        own.is_refolded,
        own.old_from_version,
        own.old_upgrade_id,
        own.old_attempt
    FROM siblings_and_own AS own
    LEFT JOIN named
        ON own.cluster_id = named.cluster_id AND own.operation_id = named.operation_id
    LEFT JOIN receivers
        ON own.cluster_id = receivers.cluster_id AND own.operation_id = receivers.operation_id
    LEFT JOIN carried
        ON own.cluster_id = carried.cluster_id AND own.operation_id = carried.operation_id
)
SELECT *
FROM rebuilt
WHERE
    is_refolded
    OR from_version IS DISTINCT FROM old_from_version
    OR upgrade_id IS DISTINCT FROM old_upgrade_id
    OR attempt IS DISTINCT FROM old_attempt
