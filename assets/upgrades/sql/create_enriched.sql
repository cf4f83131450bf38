-- One row per folded operation: what its events leave open comes from the inventory as of its date, the pool's row first.
CREATE OR REPLACE TEMP TABLE enriched AS
WITH pool_rows AS (
    SELECT
        folded.cluster_id,
        folded.operation_id,
        inventory.provider,
        inventory.region,
        inventory.workload_type,
        row_number() OVER (
            PARTITION BY folded.cluster_id, folded.operation_id
            ORDER BY inventory.valid_from DESC NULLS LAST, inventory.region, inventory.workload_type, inventory.provider
        ) AS choice
    FROM folded
    INNER JOIN telemetry.inventory
        ON folded.cluster_id = inventory.cluster_id AND folded.node_pool = inventory.node_pool
    WHERE
        (inventory.valid_from IS NULL OR inventory.valid_from <= folded.dated_at)
        AND (inventory.valid_to IS NULL OR folded.dated_at < inventory.valid_to)
),
cluster_rows AS (
    SELECT
        folded.cluster_id,
        folded.operation_id,
        inventory.provider,
        inventory.region,
        inventory.workload_type,
        row_number() OVER (
            PARTITION BY folded.cluster_id, folded.operation_id
            ORDER BY inventory.valid_from DESC NULLS LAST, inventory.region, inventory.workload_type, inventory.provider
        ) AS choice
    FROM folded
    INNER JOIN telemetry.inventory
        ON folded.cluster_id = inventory.cluster_id AND inventory.node_pool IS NULL
    WHERE
        (inventory.valid_from IS NULL OR inventory.valid_from <= folded.dated_at)
        AND (inventory.valid_to IS NULL OR folded.dated_at < inventory.valid_to)
),
described AS (
    SELECT
        folded.cluster_id,
        folded.operation_id,
        folded.scope,
        coalesce(folded.provider, pool_rows.provider, cluster_rows.provider, 'unknown') AS provider,
        folded.node_pool,
        coalesce(folded.region, pool_rows.region, cluster_rows.region, 'unknown') AS region,
        coalesce(folded.workload_type, pool_rows.workload_type, cluster_rows.workload_type, 'unknown') AS workload_type,
        folded.from_version AS given_from_version,
        folded.to_version,
        coalesce(folded."trigger", 'unknown') AS "trigger",
        folded.node_count,
        folded.state,
        folded.scheduled_at,
        folded.started_at,
        folded.finished_at,
        folded.dated_at,
        folded.upgrade_id AS given_upgrade_id,
        folded.error_code,
        folded.error_message,
        folded.observed_version,
        folded.api_features,
        folded.flags,
        folded.thread_key
    FROM folded
    LEFT JOIN pool_rows
        ON folded.cluster_id = pool_rows.cluster_id
        AND folded.operation_id = pool_rows.operation_id
        AND pool_rows.choice = 1
    LEFT JOIN cluster_rows
        ON folded.cluster_id = cluster_rows.cluster_id
        AND folded.operation_id = cluster_rows.operation_id
        AND cluster_rows.choice = 1
)
-- The keys narrow searches; what they were made of decides.
SELECT
    *,
    hash(provider, cluster_id, scope, node_pool) AS resource_key,
    CASE
        WHEN given_upgrade_id IS NOT NULL THEN hash(provider, cluster_id, scope, node_pool, 'upgrade', given_upgrade_id)
        ELSE hash(provider, cluster_id, scope, node_pool, 'version', to_version)
    END AS upgrade_key
FROM described
