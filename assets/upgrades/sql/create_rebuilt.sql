-- One row per operation of those resources, with what depends on its siblings: carried version, upgrade and attempt.
-- Portable subset: row_number with a total order, count, max, CASE.
CREATE OR REPLACE TEMP TABLE rebuilt AS
WITH siblings AS (
    SELECT
        true AS is_refolded,
        hash(enriched.cluster_id, enriched.operation_id) AS operation_key,
        hash(enriched.provider, enriched.cluster_id, enriched.scope, enriched.node_pool) AS resource_key,
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
        false,
        operation_key,
        resource_key,
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
        from_version,
        upgrade_id,
        attempt
    FROM upgrades.operations
    WHERE
        resource_key IN (SELECT resource_key FROM resources)
        AND operation_key NOT IN (SELECT operation_key FROM refolded)
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
    FROM siblings
    WHERE state = 'succeeded'
),
moments AS (
    SELECT provider, cluster_id, scope, node_pool, operation_id, resource_key, finished_at AS moment, 0 AS is_start
    FROM successes
    UNION ALL
    SELECT provider, cluster_id, scope, node_pool, operation_id, resource_key, started_at, 1
    FROM siblings
    WHERE given_from_version IS NULL AND started_at IS NOT NULL
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
numbered AS (
    SELECT
        cluster_id,
        operation_id,
        count(CASE WHEN state = 'succeeded' THEN 1 END) OVER (
            PARTITION BY provider, cluster_id, scope, node_pool, to_version
            ORDER BY dated_at, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS upgrades_before
    FROM siblings
    WHERE given_upgrade_id IS NULL
),
opened AS (
    SELECT
        siblings.cluster_id,
        siblings.operation_id,
        numbered.upgrades_before,
        row_number() OVER (
            PARTITION BY
                siblings.provider,
                siblings.cluster_id,
                siblings.scope,
                siblings.node_pool,
                siblings.to_version,
                numbered.upgrades_before
            ORDER BY siblings.dated_at, siblings.operation_id
        ) AS place
    FROM siblings
    INNER JOIN numbered
        ON siblings.cluster_id = numbered.cluster_id AND siblings.operation_id = numbered.operation_id
),
named AS (
    SELECT
        siblings.cluster_id,
        siblings.operation_id,
        coalesce(
            siblings.given_upgrade_id,
            siblings.cluster_id || '/' || max(CASE WHEN opened.place = 1 THEN siblings.operation_id END) OVER (
                PARTITION BY
                    siblings.provider,
                    siblings.cluster_id,
                    siblings.scope,
                    siblings.node_pool,
                    siblings.to_version,
                    opened.upgrades_before
            )
        ) AS upgrade_id
    FROM siblings
    LEFT JOIN opened
        ON siblings.cluster_id = opened.cluster_id AND siblings.operation_id = opened.operation_id
)
SELECT
    CAST(siblings.dated_at AS DATE) AS day,
    siblings.cluster_id,
    siblings.operation_id,
    siblings.scope,
    siblings.provider,
    siblings.node_pool,
    siblings.region,
    siblings.workload_type,
    coalesce(siblings.given_from_version, carried.to_version) AS from_version,
    siblings.to_version,
    siblings."trigger",
    siblings.node_count,
    siblings.state,
    siblings.scheduled_at,
    siblings.started_at,
    siblings.finished_at,
    named.upgrade_id,
    row_number() OVER (
        PARTITION BY siblings.provider, siblings.cluster_id, siblings.scope, siblings.node_pool, named.upgrade_id
        ORDER BY siblings.dated_at, siblings.operation_id
    ) AS attempt,
    siblings.error_code,
    siblings.error_message,
    siblings.error_category,
    siblings.responsibility,
    siblings.observed_version,
    siblings.api_features,
    siblings.operation_key,
    siblings.resource_key,
    siblings.given_from_version,
    siblings.given_upgrade_id,
    siblings.is_refolded,
    siblings.old_from_version,
    siblings.old_upgrade_id,
    siblings.old_attempt
FROM siblings
INNER JOIN named
    ON siblings.cluster_id = named.cluster_id AND siblings.operation_id = named.operation_id
LEFT JOIN carried
    ON siblings.cluster_id = carried.cluster_id
    AND siblings.operation_id = carried.operation_id
