-- One row per refused line of $refusals, a JSON array.
INSERT INTO telemetry.quarantine
SELECT $file_id, $path, $delivery_day, refusal.line, refusal.reason, unhex(refusal.raw)
FROM (
    SELECT unnest(from_json($refusals, '[{"line": "BIGINT", "reason": "VARCHAR", "raw": "VARCHAR"}]')) AS refusal
)
