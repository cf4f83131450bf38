-- One row per SLO and window of the report at hand.
CREATE OR REPLACE TEMP TABLE status_windows (
    slo VARCHAR,
    "window" VARCHAR,
    window_start TIMESTAMP,
    window_end TIMESTAMP,
    target DOUBLE,
    confidence DOUBLE
)
