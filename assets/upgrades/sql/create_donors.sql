-- One row per success that a version may be carried from; those of the operations at hand, before the stored ones are looked up.
CREATE OR REPLACE TEMP TABLE donors AS
SELECT resource_key, provider, cluster_id, scope, node_pool, operation_id, finished_at, to_version
FROM enriched
WHERE state = 'succeeded' AND resource_key IN (SELECT resource_key FROM receivers)
