-- One row per scope, region and version, the fleet first: upgrades whose first attempt began in the last days and is decided, by what
-- became of them by $as_of. An upgrade is of one resource; later attempts are its retries.
WITH attempts AS (
    SELECT
        provider,
        cluster_id,
        scope,
        node_pool,
        upgrade_id,
        attempt,
        region,
        coalesce(to_version, 'unknown') AS to_version,
        {outcome} AS outcome,
        {reached} AS has_reached,
        started_at IS NOT NULL OR finished_at IS NOT NULL AND state IN ('succeeded', 'failed') AS has_begun
    FROM upgrades.operations
    WHERE day >= $first_day AND day <= $report_date
),
retried AS (
    SELECT
        provider,
        cluster_id,
        scope,
        node_pool,
        upgrade_id,
        bool_or(has_reached) AS has_reached
    FROM attempts
    WHERE attempt > 1 AND has_begun
    GROUP BY provider, cluster_id, scope, node_pool, upgrade_id
),
upgrades AS (
    SELECT
        firsts.scope,
        firsts.region,
        firsts.to_version,
        firsts.outcome = 'good' AS is_first,
        firsts.outcome = 'bad' AND firsts.has_reached AS is_late,
        firsts.outcome = 'bad' AND NOT firsts.has_reached AND coalesce(retried.has_reached, false) AS is_rescued,
        firsts.outcome = 'bad' AND NOT firsts.has_reached AND retried.upgrade_id IS NOT NULL AS is_retried
    FROM attempts AS firsts
    LEFT JOIN retried
        ON firsts.provider = retried.provider
        AND firsts.cluster_id = retried.cluster_id
        AND firsts.scope = retried.scope
        AND firsts.node_pool IS NOT DISTINCT FROM retried.node_pool
        AND firsts.upgrade_id = retried.upgrade_id
    WHERE firsts.attempt = 1 AND firsts.outcome IN ('good', 'bad')
)
SELECT
    CASE
        WHEN grouping(scope) = 0 THEN 'scope'
        WHEN grouping(region) = 0 THEN 'region'
        WHEN grouping(to_version) = 0 THEN 'to_version'
        ELSE 'fleet'
    END AS dimension,
    coalesce(scope, region, to_version, '') AS "value",
    count(*) AS upgrades,
    count(*) FILTER (WHERE is_first) AS first,
    count(*) FILTER (WHERE is_late) AS late,
    count(*) FILTER (WHERE is_retried) AS retried,
    count(*) FILTER (WHERE is_rescued) AS rescued
FROM upgrades
GROUP BY GROUPING SETS ((), (scope), (region), (to_version))
HAVING count(*) > 0
ORDER BY dimension <> 'fleet', dimension, upgrades DESC, "value"
