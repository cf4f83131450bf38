-- One row per line of a file, in order. A row that is not `is_plain` may still be an event: `canonical.read_line` decides.
INSERT INTO staging
WITH raw AS (
    SELECT specversion, id, source, type, time, data
    FROM read_ndjson(
        $path,
        records = true,
        ignore_errors = true,
        compression = 'uncompressed',
        maximum_object_size = 17825792,
        columns = {
            specversion: 'JSON', id: 'JSON', source: 'JSON', type: 'JSON', time: 'JSON',
            data: 'STRUCT(
                operation_id JSON, cluster_id JSON, scope JSON, provider JSON, node_pool JSON, region JSON,
                from_version JSON, to_version JSON, "trigger" JSON, workload_type JSON, node_count JSON,
                error_code JSON, error_message JSON, upgrade_id JSON, observed_version JSON,
                api_features JSON, observed_at JSON)'
        })
),
fields AS (
    SELECT
        specversion::VARCHAR AS specversion,
        text_of(id) AS id,
        text_of(source) AS source,
        type::VARCHAR AS type,
        CASE WHEN NOT contains(time::VARCHAR, '\') THEN moment_of(text_of(time)) END AS time,
        text_of(data.operation_id) AS operation_id,
        text_of(data.cluster_id) AS cluster_id,
        text_of(data.scope) AS scope,
        text_of(data.provider) AS provider,
        text_of(data.node_pool) AS node_pool,
        text_of(data.region) AS region,
        text_of(data.from_version) AS from_version,
        text_of(data.to_version) AS to_version,
        text_of(data."trigger") AS "trigger",
        text_of(data.workload_type) AS workload_type,
        data.node_count::VARCHAR AS node_count,
        text_of(data.error_code) AS error_code,
        text_of(data.error_message) AS error_message,
        text_of(data.upgrade_id) AS upgrade_id,
        text_of(data.observed_version) AS observed_version,
        data.api_features AS api_features,
        text_of(data.observed_at) AS observed_at_text,
        CASE WHEN NOT contains(data.observed_at::VARCHAR, '\') THEN moment_of(text_of(data.observed_at)) END AS observed_at,
        is_not_text(data.provider)
        OR is_not_text(data.node_pool)
        OR is_not_text(data.region)
        OR is_not_text(data.from_version)
        OR is_not_text(data.to_version)
        OR is_not_text(data."trigger")
        OR is_not_text(data.workload_type)
        OR is_not_text(data.error_code)
        OR is_not_text(data.error_message)
        OR is_not_text(data.upgrade_id)
        OR is_not_text(data.observed_version)
        OR is_not_text(data.observed_at) AS has_other_type
    FROM raw
),
judged AS (
    SELECT
        *,
        specversion = '"1.0"'
        AND id IS NOT NULL
        AND source IS NOT NULL
        AND type IN (
            '"dev.upgradeslo.operation.scheduled"', '"dev.upgradeslo.operation.started"',
            '"dev.upgradeslo.operation.succeeded"', '"dev.upgradeslo.operation.failed"',
            '"dev.upgradeslo.operation.cancelled"', '"dev.upgradeslo.operation.superseded"',
            '"dev.upgradeslo.operation.skipped"')
        AND time >= $earliest
        AND time <= $latest
        AND operation_id IS NOT NULL
        AND cluster_id IS NOT NULL
        AND scope IN ('control_plane', 'node_pool', 'node_image', 'addon', 'cluster')
        AND ("trigger" IS NULL
            OR "trigger" IN ('manual', 'auto_channel', 'security', 'maintenance', 'forced_eol', 'ci', 'unknown'))
        AND (node_count IS NULL OR regexp_full_match(node_count, '[0-9]{1,18}'))
        AND (api_features IS NULL OR regexp_full_match(api_features::VARCHAR, '\[("[^"\\]*"(,"[^"\\]*")*)?\]'))
        AND (observed_at_text IS NULL  -- else of the years 1 to 9999 in UTC: DuckDB's calendar is wider
            OR (observed_at >= TIMESTAMP '0001-01-01' AND observed_at < TIMESTAMP '10000-01-01'))
        AND has_other_type IS NOT TRUE AS is_plain
    FROM fields
)
SELECT
    $file_id,
    NULL AS line,
    coalesce(is_plain, false),
    hash(source, id),
    source,
    id,
    type[27:-2],
    time,
    coalesce(observed_at, time),
    operation_id,
    cluster_id,
    scope,
    provider,
    node_pool,
    region,
    from_version,
    to_version,
    "trigger",
    workload_type,
    CASE WHEN is_plain THEN node_count::BIGINT END,
    error_code,
    error_message,
    upgrade_id,
    observed_version,
    CASE WHEN is_plain THEN from_json(api_features, '["VARCHAR"]') END
FROM judged
