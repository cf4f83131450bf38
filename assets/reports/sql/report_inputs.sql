-- One row per file that the report of $report_date sees.
SELECT delivery_day, path, coalesce(sha256, ''), status
FROM telemetry.files
WHERE delivery_day <= $report_date
ORDER BY delivery_day, path
