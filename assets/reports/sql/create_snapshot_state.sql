-- One row: the hash of the Parquet files in the last snapshot; `slo.unpublished_days` counts from it.
CREATE TABLE IF NOT EXISTS reports.snapshot_state (
    files_sha256 VARCHAR NOT NULL
)
