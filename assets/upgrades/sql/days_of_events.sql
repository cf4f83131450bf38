-- One row per day on which an operation in {operations} may stand or may have stood: the date of one of its events.
SELECT CAST(time AS DATE) AS day
FROM telemetry.events
WHERE
    delivery_day IN (SELECT unnest($delivery_days::DATE[]))
    AND thread_key IN (SELECT thread_key FROM {operations})
UNION
SELECT day
FROM telemetry.touched
