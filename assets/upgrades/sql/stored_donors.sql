-- One row per stored success on one of these resources that started on one of these days.
SELECT resource_key, hash(cluster_id, operation_id) AS operation_key, finished_at, rowid AS row_id
FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days::DATE[]))
    AND resource_key IN (SELECT resource_key FROM asked_resources)
    AND state = 'succeeded'
    AND thread_key NOT IN (SELECT thread_key FROM refolded)
