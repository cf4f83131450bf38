-- One row per staged event that may be accepted, with its place in the delivery.
CREATE OR REPLACE TEMP VIEW candidates AS
SELECT
    staging.rowid AS row_id,
    staging.file_id,
    coalesce(staging.line, staging.rowid - staged_files.first_row + 1) AS line,
    staged_files.path,
    staging.identity,
    staging.source,
    staging.id
FROM staging
INNER JOIN staged_files ON staging.file_id = staged_files.file_id
WHERE staging.rowid NOT IN (SELECT row_id FROM excluded)
