-- Rows of deliveries from $delivery_day on.
DELETE FROM telemetry.events
WHERE delivery_day >= $delivery_day
