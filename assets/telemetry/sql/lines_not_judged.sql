-- The number of each line of the file that the bulk reading could not judge.
SELECT line
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id = $file_id AND id IS NULL
