-- Counts of operations, one row per start-day, SLO and value of the SLO's finest slice; and per value of each lone dimension.
-- Dimensions that are not in `slice_by` are NULL.
CREATE TABLE IF NOT EXISTS slo.cells (
    day DATE NOT NULL,
    slo VARCHAR NOT NULL,
    slice_by VARCHAR NOT NULL,
    to_version VARCHAR,
    to_minor VARCHAR,
    region VARCHAR,
    workload_type VARCHAR,
    "trigger" VARCHAR,
    scope VARCHAR,
    provider VARCHAR,
    good BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    excluded BIGINT NOT NULL
)
