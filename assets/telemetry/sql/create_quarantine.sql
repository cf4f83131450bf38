-- One row per refused line or record, with its bytes as delivered (provider records: personal fields masked).
CREATE TABLE IF NOT EXISTS telemetry.quarantine (
    file_id BIGINT NOT NULL,
    path VARCHAR NOT NULL,
    delivery_day DATE NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw BLOB NOT NULL
)
