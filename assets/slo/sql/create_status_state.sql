-- One row per report date in `slo.status`: the hash of everything its figures rest on.
CREATE TABLE IF NOT EXISTS slo.status_state (
    report_date DATE NOT NULL,
    basis VARCHAR NOT NULL
)
