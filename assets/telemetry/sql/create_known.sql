-- One row per candidate whose identity an event taken in before has, with the place of that event's delivery.
CREATE OR REPLACE TEMP TABLE known AS
SELECT
    candidates.row_id,
    candidates.path,
    events.delivery_day AS known_day,
    files.path AS known_path
FROM candidates
INNER JOIN telemetry.events ON candidates.identity = events.identity
INNER JOIN telemetry.files ON events.file_id = files.file_id
WHERE candidates.source = events.source AND candidates.id = events.id
