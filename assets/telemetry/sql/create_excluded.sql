-- One row per row of `staging` that does not become an event.
CREATE OR REPLACE TEMP TABLE excluded (
    row_id BIGINT
)
