-- One row per stored success that was looked up.
INSERT INTO donors
SELECT resource_key, provider, cluster_id, scope, node_pool, operation_id, finished_at, to_version
FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days::DATE[]))
    AND rowid IN (SELECT row_id FROM found_donors)
