-- Files that could not be read: each is tried again when it is still there, and no longer blocks when it is gone.
DELETE FROM telemetry.files
WHERE status = 'failed' AND delivery_day <= $upto
