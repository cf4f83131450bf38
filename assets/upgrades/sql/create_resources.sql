-- One row per resource one of whose operations is folded again, before or after the fold.
CREATE OR REPLACE TEMP TABLE resources AS
SELECT resource_key FROM upgrades.operations
WHERE operation_key IN (SELECT operation_key FROM refolded)
UNION
SELECT hash(provider, cluster_id, scope, node_pool) FROM enriched
