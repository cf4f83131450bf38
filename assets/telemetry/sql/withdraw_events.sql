-- Rows of a file that could not be read to its end.
DELETE FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id = $file_id
