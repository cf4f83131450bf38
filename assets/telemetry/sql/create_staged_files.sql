-- One row per file of the delivery day at hand, and the row of `staging` at which its lines begin.
CREATE OR REPLACE TEMP TABLE staged_files (
    file_id BIGINT,
    path VARCHAR,
    first_row BIGINT
)
