-- One row per new event of one delivery day: its keys.
SELECT identity, thread_key
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id > $known_file
