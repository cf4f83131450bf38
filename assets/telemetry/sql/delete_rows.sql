-- New rows that are no events, or duplicates.
DELETE FROM telemetry.events
WHERE file_id > $known_file AND (rowid IN (SELECT row_id FROM excluded) OR rowid IN (SELECT row_id FROM duplicates))
