-- One row per threshold SLO, window and slice: seconds within which the given shares of succeeded operations finished.
CREATE OR REPLACE TEMP TABLE quantiles (
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
    seconds DOUBLE[]
)
