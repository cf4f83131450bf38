-- One row per record of `batch`, all of which are no upgrades.
INSERT INTO telemetry.not_upgrades
SELECT $file_id, $delivery_day, line, class
FROM batch
