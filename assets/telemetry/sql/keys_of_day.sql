-- One row per event of one delivery day: its {key}.
SELECT {key} AS key
FROM telemetry.events
WHERE delivery_day = $delivery_day AND {key} IS NOT NULL
