-- One row per record of $records, a JSON array, that is no upgrade.
INSERT INTO telemetry.not_upgrades
SELECT $file_id, $delivery_day, record.line, record.class
FROM (
    SELECT unnest(from_json($records, '[{"line": "BIGINT", "class": "VARCHAR"}]')) AS record
)
