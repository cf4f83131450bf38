-- One row per file in the ledger, in order of delivery.
SELECT path, delivery_day, stamp, sha256, status
FROM telemetry.files
ORDER BY delivery_day, path
