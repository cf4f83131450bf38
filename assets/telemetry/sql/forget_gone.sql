-- Files in $paths: they could not be read, are gone since, and no longer block the reports.
DELETE FROM telemetry.files
WHERE status = 'failed' AND list_contains($paths::VARCHAR[], path)
