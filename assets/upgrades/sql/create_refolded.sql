-- One row per operation that has to be folded again: its events changed, or moving the state's day shows or hides some of them.
CREATE OR REPLACE TEMP TABLE refolded AS
SELECT operation_key FROM telemetry.touched
UNION
SELECT operation_key FROM telemetry.events
WHERE delivery_day > $after AND delivery_day <= $upto
UNION
SELECT operation_key FROM telemetry.events
WHERE $everything
UNION
SELECT operation_key FROM upgrades.operations
WHERE $everything
