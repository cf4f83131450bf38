-- The first delivery of the content with this hash.
SELECT delivery_day, path
FROM telemetry.files
WHERE sha256 = $sha256 AND status = 'taken_in'
