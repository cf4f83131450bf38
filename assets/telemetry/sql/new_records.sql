-- One row per file of the delivery day at hand: records with an event among those that are there now, and those events.
SELECT
    file_id,
    count(DISTINCT line) AS records,
    count(*) AS events
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id > $last_known
GROUP BY file_id
