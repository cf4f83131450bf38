-- One row per line of the files that the bulk reading could not judge.
SELECT rowid AS row_id
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id IN (SELECT unnest($file_ids::BIGINT[])) AND identity IS NULL
ORDER BY rowid
