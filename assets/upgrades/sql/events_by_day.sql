-- One row per delivery day that is shown or hidden: its accepted events.
SELECT delivery_day, sum(events)::BIGINT AS events
FROM telemetry.files
WHERE delivery_day > $after AND delivery_day <= $upto
GROUP BY delivery_day
ORDER BY delivery_day
