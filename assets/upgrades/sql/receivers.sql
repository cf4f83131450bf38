-- One row per operation that a version is carried to.
SELECT resource_key, started_at, hash(cluster_id, operation_id) AS operation_key
FROM receivers
