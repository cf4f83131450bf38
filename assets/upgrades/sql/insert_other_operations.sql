-- One row per operation of a thread that turned out to be no upgrade.
INSERT INTO upgrades.other_operations
SELECT CAST(dated_at AS DATE), cluster_id, operation_id, class, thread_key
FROM classed
WHERE class IS NOT NULL
ORDER BY dated_at, cluster_id, operation_id
