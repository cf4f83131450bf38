-- One row per record that was understood and is no upgrade, with its class.
CREATE TABLE IF NOT EXISTS telemetry.not_upgrades (
    file_id BIGINT NOT NULL,
    delivery_day DATE NOT NULL,
    line BIGINT NOT NULL,
    class VARCHAR NOT NULL
)
