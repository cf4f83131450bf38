-- One row per line of the inventory files.
INSERT INTO telemetry.inventory
SELECT
    row.cluster_id,
    row.node_pool,
    row.region,
    row.workload_type,
    row.provider,
    make_timestamp(row.valid_from),
    make_timestamp(row.valid_to)
FROM (
    SELECT unnest(from_json($rows, '[{
        "cluster_id": "VARCHAR", "node_pool": "VARCHAR", "region": "VARCHAR", "workload_type": "VARCHAR",
        "provider": "VARCHAR", "valid_from": "BIGINT", "valid_to": "BIGINT"}]')) AS row
)
