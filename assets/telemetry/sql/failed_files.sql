-- One row per file that cannot be read, with the reason.
SELECT path, error
FROM telemetry.files
WHERE status = 'failed'
ORDER BY delivery_day, path
