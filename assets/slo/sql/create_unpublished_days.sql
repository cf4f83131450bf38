-- One row per start-day whose operations or cells changed since the last snapshot for readers.
CREATE TABLE IF NOT EXISTS slo.unpublished_days (
    day DATE NOT NULL
)
