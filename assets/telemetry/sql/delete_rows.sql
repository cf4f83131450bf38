-- New rows that are no events, or duplicates.
DELETE FROM telemetry.events
WHERE file_id > $known_file AND rowid IN (SELECT unnest($rows::BIGINT[]))
