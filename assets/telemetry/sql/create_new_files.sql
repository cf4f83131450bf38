-- One row per file of the delivery day at hand, and the row of `telemetry.events` where its own begin.
CREATE OR REPLACE TEMP TABLE new_files (
    file_id BIGINT,
    path VARCHAR,
    first_row BIGINT
)
