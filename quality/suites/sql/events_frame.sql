-- One row per file delivered on $report_date.
WITH stored AS (
    SELECT
        file_id,
        count(*) AS events,
        count(DISTINCT record) + count(*) FILTER (WHERE record IS NULL) AS accepted,
        count(*) FILTER (
            WHERE time < TIMESTAMP '2014-06-06' OR time > CAST($report_date AS TIMESTAMP) + INTERVAL 72 HOUR
        ) AS impossible_times,
        count(*) FILTER (
            WHERE
            type NOT IN ('scheduled', 'started', 'succeeded', 'failed', 'cancelled', 'superseded', 'skipped', 'described')
            OR scope NOT IN ('control_plane', 'node_pool', 'node_image', 'addon', 'cluster')
            OR "trigger" NOT IN ('manual', 'auto_channel', 'security', 'maintenance', 'forced_eol', 'ci', 'unknown')
        ) AS unknown_values
    FROM telemetry.events
    WHERE delivery_day = $report_date
    GROUP BY file_id
),
repeated AS (
    SELECT
        file_id,
        count(*) AS repeated_identities
    FROM (
        SELECT file_id
        FROM telemetry.events
        WHERE delivery_day = $report_date
        QUALIFY count(*) OVER (PARTITION BY source, id) > 1
    )
    GROUP BY file_id
),
refused AS (
    SELECT
        file_id,
        count(*) AS quarantined
    FROM telemetry.quarantine
    WHERE delivery_day = $report_date
    GROUP BY file_id
),
others AS (
    SELECT
        file_id,
        count(*) AS not_an_upgrade
    FROM telemetry.not_upgrades
    WHERE delivery_day = $report_date
    GROUP BY file_id
),
totals AS (
    SELECT
        sum(records) AS records,
        sum(quarantined) / nullif(sum(records), 0) AS quarantined_share
    FROM telemetry.files
    WHERE delivery_day = $report_date
)
SELECT
    files.path,
    files.accepted - coalesce(stored.accepted, 0) AS missing_accepted,
    files.events - coalesce(stored.events, 0) AS missing_events,
    files.quarantined - coalesce(refused.quarantined, 0) AS missing_quarantined,
    files.not_an_upgrade - coalesce(others.not_an_upgrade, 0) AS missing_not_upgrades,
    coalesce(repeated.repeated_identities, 0) AS repeated_identities,
    coalesce(stored.impossible_times, 0) AS impossible_times,
    coalesce(stored.unknown_values, 0) AS unknown_values,
    coalesce(totals.quarantined_share, 0) AS quarantined_share,
    CASE WHEN totals.records >= 20 THEN coalesce(totals.quarantined_share, 0) ELSE 0 END AS quarantined_share_of_many
FROM telemetry.files
CROSS JOIN totals
LEFT JOIN stored ON files.file_id = stored.file_id
LEFT JOIN repeated ON files.file_id = repeated.file_id
LEFT JOIN refused ON files.file_id = refused.file_id
LEFT JOIN others ON files.file_id = others.file_id
WHERE files.delivery_day = $report_date
ORDER BY files.path
