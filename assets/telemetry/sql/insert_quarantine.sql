-- One row per refused line or record of `batch`.
INSERT INTO telemetry.quarantine
SELECT $file_id, $path, $delivery_day, line, reason, raw
FROM batch
