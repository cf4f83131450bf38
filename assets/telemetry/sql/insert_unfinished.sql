-- One row per delivery day whose deliveries are taken back, and $delivery_day itself.
INSERT INTO telemetry.unfinished
SELECT $delivery_day
UNION
SELECT delivery_day
FROM telemetry.files
WHERE delivery_day >= $delivery_day
