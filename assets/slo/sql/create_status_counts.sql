-- One row per SLO, window and slice with an operation.
CREATE OR REPLACE TEMP TABLE counted (
    slo VARCHAR,
    "window" VARCHAR,
    slice_by VARCHAR,
    to_version VARCHAR,
    to_minor VARCHAR,
    region VARCHAR,
    workload_type VARCHAR,
    "trigger" VARCHAR,
    scope VARCHAR,
    provider VARCHAR,
    good BIGINT,
    bad BIGINT,
    pending BIGINT,
    excluded BIGINT
)
