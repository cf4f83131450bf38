-- Files of $delivery_day that could not be read: each is tried again in the transaction that this statement is part of.
DELETE FROM telemetry.files
WHERE status = 'failed' AND delivery_day = $delivery_day
