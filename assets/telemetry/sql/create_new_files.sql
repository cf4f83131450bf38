-- One row per file of the delivery days at hand, and the row of `telemetry.events` where its own begin.
CREATE OR REPLACE TEMP TABLE new_files (
    file_id BIGINT,
    delivery_day DATE,
    path VARCHAR,
    first_row BIGINT
)
