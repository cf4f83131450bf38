-- One row per line of the files, in order. A row without an identity may still be an event: `canonical.read_line` decides.
-- Values for text that were no strings are read as text here; `lines.py` finds their lines.
INSERT INTO telemetry.events
WITH raw AS (
    SELECT
        *,
        time::VARCHAR AS time_text,
        data.observed_at::VARCHAR AS observed_at_text,
        data.node_count::VARCHAR AS node_count_text,
        data.api_features::VARCHAR AS api_features_text,
        file_index
    FROM read_ndjson(
        $paths,
        records = true,
        ignore_errors = true,
        compression = 'uncompressed',
        maximum_object_size = 17825792,
        columns = {
            specversion: 'VARCHAR', id: 'VARCHAR', source: 'VARCHAR', type: 'VARCHAR', time: 'JSON',
            data: 'STRUCT(
                operation_id VARCHAR, cluster_id VARCHAR, scope VARCHAR, provider VARCHAR, node_pool VARCHAR, region VARCHAR,
                from_version VARCHAR, to_version VARCHAR, "trigger" VARCHAR, workload_type VARCHAR, node_count JSON,
                error_code VARCHAR, error_message VARCHAR, upgrade_id VARCHAR, observed_version VARCHAR,
                api_features JSON, observed_at JSON)'
        })
),
timed AS (
    SELECT
        *,
        moment_of(time_text) AS moment,
        CASE WHEN observed_at_text IS NOT NULL THEN moment_of(observed_at_text) END AS observed
    FROM raw
),
judged AS (
    SELECT
        *,
        specversion = '1.0'
        AND id <> ''
        AND source <> ''
        AND type IN (
            'dev.upgradeslo.operation.scheduled', 'dev.upgradeslo.operation.started',
            'dev.upgradeslo.operation.succeeded', 'dev.upgradeslo.operation.failed',
            'dev.upgradeslo.operation.cancelled', 'dev.upgradeslo.operation.superseded',
            'dev.upgradeslo.operation.skipped')
        AND moment >= $earliest
        AND moment <= $latest
        AND data.operation_id <> ''
        AND data.cluster_id <> ''
        AND data.scope IN ('control_plane', 'node_pool', 'node_image', 'addon', 'cluster')
        AND (data."trigger" IS NULL
            OR data."trigger" IN ('', 'manual', 'auto_channel', 'security', 'maintenance', 'forced_eol', 'ci', 'unknown'))
        AND (node_count_text IS NULL OR regexp_full_match(node_count_text, '[0-9]{1,18}'))
        AND (api_features_text IS NULL OR regexp_full_match(api_features_text, '\[("[^"\\]*"(,"[^"\\]*")*)?\]'))
        AND (observed_at_text IS NULL  -- else of the years 1 to 9999 in UTC: DuckDB's calendar is wider
            OR (observed >= TIMESTAMP '0001-01-01' AND observed < TIMESTAMP '10000-01-01')) AS is_event
    FROM timed
)
SELECT
    $delivery_day,
    list_extract($file_ids::BIGINT[], CAST(file_index AS BIGINT) + 1),
    NULL AS record,
    CASE WHEN is_event THEN hash(source, id) END,
    hash(data.cluster_id, data.operation_id),
    source,
    id,
    type[26:],
    moment,
    coalesce(observed, moment),
    data.operation_id,
    data.cluster_id,
    data.scope,
    nullif(data.provider, ''),
    nullif(data.node_pool, ''),
    nullif(data.region, ''),
    nullif(data.from_version, ''),
    nullif(data.to_version, ''),
    nullif(data."trigger", ''),
    nullif(data.workload_type, ''),
    CASE WHEN is_event THEN node_count_text::BIGINT END,
    nullif(data.error_code, ''),
    nullif(data.error_message, ''),
    nullif(data.upgrade_id, ''),
    nullif(data.observed_version, ''),
    CASE
        WHEN is_event IS NOT TRUE THEN NULL
        WHEN api_features_text = '[]' THEN []
        ELSE string_split(api_features_text[3:-3], '","')
    END,
    NULL AS thread,
    0 AS flags
FROM judged
