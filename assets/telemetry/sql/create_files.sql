-- The ledger: one row per delivered file; for files taken in, records = accepted + duplicate + quarantined + not_an_upgrade.
CREATE TABLE IF NOT EXISTS telemetry.files (
    file_id BIGINT NOT NULL,
    path VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    delivery_day DATE NOT NULL,
    stamp VARCHAR NOT NULL,
    sha256 VARCHAR,
    bytes BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    blank BIGINT NOT NULL,
    records BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    not_an_upgrade BIGINT NOT NULL,
    events BIGINT NOT NULL,
    status VARCHAR NOT NULL,
    error VARCHAR
)
