-- One row per cluster whose lines in the inventory changed since the last fold.
CREATE TABLE IF NOT EXISTS telemetry.changed_clusters (
    cluster_id VARCHAR NOT NULL
)
