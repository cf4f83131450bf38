-- One row per event to fold again that belongs to a provider's thread and was delivered by $day. `precedence`: of sources that tell of
-- the same upgrade, the one that tells more has the greater.
CREATE OR REPLACE TEMP TABLE thread_events AS
SELECT
    *,
    CASE
        WHEN family IN ('azure_activity_log', 'gke') THEN 3
        WHEN family IN ('azure_fleet', 'gke_details') THEN 2
        ELSE 1
    END AS precedence
FROM (
    SELECT
        delivery_day, source, id, thread_key, thread, flags, cluster_id, operation_id, split_part(operation_id, ':', 1) AS family,
        type, time, observed_at, scope, provider, node_pool, region, from_version, to_version,
        CASE WHEN "trigger" <> 'unknown' THEN "trigger" END AS "trigger",
        workload_type, node_count, error_code, error_message, upgrade_id, observed_version, api_features
    FROM telemetry.events
    WHERE
        delivery_day IN (SELECT unnest($delivery_days::DATE[]))
        AND delivery_day <= $day
        AND thread IS NOT NULL
        AND thread_key IN (SELECT thread_key FROM refolded)
)
