-- One row per file that the report of $report_date sees.
SELECT
    path,
    delivery_day,
    coalesce(sha256, '') AS sha256,
    status,
    events
FROM telemetry.files
WHERE delivery_day <= $report_date
ORDER BY delivery_day, path
