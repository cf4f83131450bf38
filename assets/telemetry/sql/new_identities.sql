-- One row per new event: its identity.
SELECT identity
FROM telemetry.events
WHERE file_id > $known_file AND rowid NOT IN (SELECT row_id FROM excluded)
