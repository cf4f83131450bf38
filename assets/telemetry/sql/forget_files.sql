-- Rows of deliveries from $delivery_day on.
DELETE FROM telemetry.files
WHERE delivery_day >= $delivery_day
