-- One row per line of the file that the bulk reading could not judge: how many rows of the file stand before it.
SELECT rowid - $first_row
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id = $file_id AND identity IS NULL
ORDER BY rowid
