-- Operations that are written anew, or of which the state's day shows no event.
DELETE FROM upgrades.running
WHERE
    thread_key IN (SELECT thread_key FROM refolded)
    OR (cluster_id, operation_id) IN (SELECT (cluster_id, operation_id) FROM changed)
