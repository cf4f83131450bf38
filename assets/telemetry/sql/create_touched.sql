-- One row per operation whose events changed since the last fold, by the key of `telemetry.events`.
CREATE TABLE IF NOT EXISTS telemetry.touched (
    operation_key UBIGINT NOT NULL
)
