-- One row per thread and date of an event that came or went since the last fold, by the keys of `telemetry.events`.
CREATE TABLE IF NOT EXISTS telemetry.touched (
    thread_key UBIGINT NOT NULL,
    cluster_key UBIGINT NOT NULL,
    day DATE NOT NULL
)
