-- One row per file of the delivery day at hand, numbered in order of their paths, and the row of `staging` where its lines begin.
CREATE OR REPLACE TEMP TABLE new_files (
    file_id BIGINT,
    path VARCHAR,
    first_row BIGINT
)
