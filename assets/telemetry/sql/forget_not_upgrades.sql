-- Rows of deliveries from $delivery_day on.
DELETE FROM telemetry.not_upgrades
WHERE delivery_day >= $delivery_day
