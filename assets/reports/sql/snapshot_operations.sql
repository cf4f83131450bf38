-- One row per operation, in order of its day; keys that only the pipeline uses stay behind.
CREATE TABLE snapshot.upgrades.operations AS
SELECT * EXCLUDE (operation_key, resource_key, given_from_version, given_upgrade_id)
FROM upgrades.operations
ORDER BY day, cluster_id, operation_id
