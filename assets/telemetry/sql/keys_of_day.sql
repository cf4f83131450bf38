-- One row per {key} among the events of one delivery day.
SELECT DISTINCT {key} AS key
FROM telemetry.events
WHERE delivery_day = $delivery_day AND {key} IS NOT NULL
