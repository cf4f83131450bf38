-- One row per started operation that no event gives a version before: it is carried from the last success on its resource.
CREATE OR REPLACE TEMP TABLE receivers AS
SELECT resource_key, provider, cluster_id, scope, node_pool, operation_id, started_at
FROM enriched
WHERE given_from_version IS NULL AND started_at IS NOT NULL
UNION ALL
SELECT resource_key, provider, cluster_id, scope, node_pool, operation_id, started_at
FROM siblings
WHERE
    given_from_version IS NULL
    AND started_at IS NOT NULL
    AND resource_key IN (SELECT resource_key FROM receiving_resources)
