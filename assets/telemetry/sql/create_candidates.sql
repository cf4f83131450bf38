-- One row per staged row that may become an event, with its place in the delivery.
CREATE OR REPLACE TEMP VIEW candidates AS
SELECT
    staging.rowid AS row_id,
    staging.file_id,
    coalesce(staging.line, staging.rowid - new_files.first_row + 1) AS line,
    new_files.path,
    staging.identity,
    staging.source,
    staging.id
FROM staging
INNER JOIN new_files ON staging.file_id = new_files.file_id
WHERE staging.rowid NOT IN (SELECT row_id FROM excluded)
