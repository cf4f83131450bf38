-- One row per day on which an operation that is folded again may have stood so far: the date of one of its events.
SELECT CAST(time AS DATE) AS day
FROM telemetry.events
WHERE
    delivery_day IN (SELECT unnest($delivery_days::DATE[]))
    AND operation_key IN (SELECT operation_key FROM refolded)
UNION
SELECT day
FROM telemetry.touched
