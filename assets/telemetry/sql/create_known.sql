-- One row per new event whose identity an event taken in before has, with the place of that event's delivery.
CREATE OR REPLACE TEMP TABLE known AS
SELECT
    new.rowid AS row_id,
    new_files.path,
    old.delivery_day AS known_day,
    old_files.path AS known_path
FROM telemetry.events AS new
INNER JOIN telemetry.events AS old
    ON new.identity = old.identity
INNER JOIN new_files
    ON new.file_id = new_files.file_id
INNER JOIN telemetry.files AS old_files
    ON old.file_id = old_files.file_id
WHERE
    new.delivery_day = $delivery_day
    AND new.file_id > $last_known
    AND old.file_id <= $last_known
    AND new.source = old.source
    AND new.id = old.id
