-- One row per candidate.
INSERT INTO telemetry.events
SELECT
    $delivery_day,
    staging.file_id,
    coalesce(staging.line, staging.rowid - new_files.first_row + 1),
    staging.identity,
    hash(staging.cluster_id, staging.operation_id),
    staging.source,
    staging.id,
    staging.type,
    staging.time,
    staging.observed_at,
    staging.operation_id,
    staging.cluster_id,
    staging.scope,
    staging.provider,
    staging.node_pool,
    staging.region,
    staging.from_version,
    staging.to_version,
    staging."trigger",
    staging.workload_type,
    staging.node_count,
    staging.error_code,
    staging.error_message,
    staging.upgrade_id,
    staging.observed_version,
    staging.api_features
FROM staging
INNER JOIN new_files ON staging.file_id = new_files.file_id
WHERE staging.rowid NOT IN (SELECT row_id FROM excluded)
