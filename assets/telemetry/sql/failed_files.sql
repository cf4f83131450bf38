-- One row per file delivered by $upto that cannot be read, with the reason.
SELECT path, error
FROM telemetry.files
WHERE status = 'failed' AND delivery_day <= $upto
ORDER BY delivery_day, path
