-- One row per SLO and window of the report at hand; `first_day` to before `end_day` are the days that it holds whole.
CREATE OR REPLACE TEMP TABLE status_windows (
    slo VARCHAR,
    "window" VARCHAR,
    window_start TIMESTAMP,
    window_end TIMESTAMP,
    seen_until TIMESTAMP,
    first_day DATE,
    end_day DATE,
    target DOUBLE,
    confidence DOUBLE
)
