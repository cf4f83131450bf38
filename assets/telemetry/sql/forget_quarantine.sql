-- Rows of deliveries from $delivery_day on.
DELETE FROM telemetry.quarantine
WHERE delivery_day >= $delivery_day
