-- New events that were taken in before.
DELETE FROM telemetry.events
WHERE
    delivery_day = $delivery_day
    AND file_id > $last_known
    AND rowid IN (SELECT row_id FROM known)
