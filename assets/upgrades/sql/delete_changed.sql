-- Operations that are written anew, or of which the state's day shows no event.
DELETE FROM upgrades.operations
WHERE
    operation_key IN (SELECT operation_key FROM refolded)
    OR (
        operation_key IN (SELECT operation_key FROM changed)
        AND (cluster_id, operation_id) IN (SELECT (cluster_id, operation_id) FROM changed)
    )
