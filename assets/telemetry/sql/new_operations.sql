-- One row per new event: the key of its operation.
SELECT operation_key
FROM telemetry.events
WHERE file_id > $known_file
