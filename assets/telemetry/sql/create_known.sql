-- One row per new event whose identity an event taken in before has, with the place of that event's delivery.
CREATE OR REPLACE TEMP TABLE known AS
SELECT
    new.rowid AS row_id,
    new_files.delivery_day,
    new_files.path,
    known.delivery_day AS known_day,
    files.path AS known_path
FROM telemetry.events AS new
INNER JOIN new_files ON new.file_id = new_files.file_id
INNER JOIN telemetry.events AS known ON new.identity = known.identity
INNER JOIN telemetry.files ON known.file_id = files.file_id
WHERE
    new.file_id > $known_file
    AND new.identity IN (SELECT identity FROM known_identities)
    AND new.rowid NOT IN (SELECT row_id FROM excluded)
    AND known.file_id <= $known_file
    AND known.delivery_day IN (SELECT unnest($days::DATE[]))
    AND known.identity IN (SELECT identity FROM known_identities)
    AND new.source = known.source
    AND new.id = known.id
