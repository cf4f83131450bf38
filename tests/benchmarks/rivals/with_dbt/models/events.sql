-- One row per event; of those with the same source and id one. Lines that do not fit the columns are skipped.
{{ config(materialized='view') }}
SELECT DISTINCT ON (source, id)
    source,
    id,
    split_part(type, '.', 4) AS type,
    time::TIMESTAMP AS time,
    data.operation_id AS operation_id,
    data.cluster_id AS cluster_id,
    data.scope AS scope,
    nullif(data.provider, '') AS provider,
    nullif(data.node_pool, '') AS node_pool,
    nullif(data.region, '') AS region,
    nullif(data.to_version, '') AS to_version,
    CASE WHEN data."trigger" NOT IN ('', 'unknown') THEN data."trigger" END AS "trigger",
    nullif(data.workload_type, '') AS workload_type,
    nullif(data.error_code, '') AS error_code,
    nullif(data.error_message, '') AS error_message,
    nullif(data.upgrade_id, '') AS upgrade_id,
    nullif(data.observed_version, '') AS observed_version,
    coalesce(data.observed_at, time)::TIMESTAMP AS observed_at
FROM read_ndjson(
    '{{ var("landing") }}',
    records = true,
    ignore_errors = true,
    columns = {
        id: 'VARCHAR', source: 'VARCHAR', type: 'VARCHAR', time: 'TIMESTAMPTZ',
        data: 'STRUCT(
            operation_id VARCHAR, cluster_id VARCHAR, scope VARCHAR, provider VARCHAR, node_pool VARCHAR, region VARCHAR,
            to_version VARCHAR, "trigger" VARCHAR, workload_type VARCHAR, error_code VARCHAR, error_message VARCHAR,
            upgrade_id VARCHAR, observed_version VARCHAR, observed_at TIMESTAMPTZ)'
    })
WHERE
    id <> ''
    AND source <> ''
    AND type IN (
        'dev.upgradeslo.operation.scheduled', 'dev.upgradeslo.operation.started', 'dev.upgradeslo.operation.succeeded',
        'dev.upgradeslo.operation.failed', 'dev.upgradeslo.operation.cancelled', 'dev.upgradeslo.operation.superseded',
        'dev.upgradeslo.operation.skipped')
    AND time >= TIMESTAMPTZ '2014-06-06'
    AND data.operation_id <> ''
    AND data.cluster_id <> ''
    AND data.scope IN ('control_plane', 'node_pool', 'node_image', 'addon', 'cluster')
