-- One row per event of $events, a JSON array as `reading.as_json` writes it.
INSERT INTO telemetry.events
SELECT
    $delivery_day,
    $file_id,
    event.record,
    hash(event.source, event.id),
    hash(event.cluster_id, event.operation_id),
    event.source,
    event.id,
    event.type,
    make_timestamp(event.time),
    make_timestamp(event.observed_at),
    event.operation_id,
    event.cluster_id,
    event.scope,
    event.provider,
    event.node_pool,
    event.region,
    event.from_version,
    event.to_version,
    event."trigger",
    event.workload_type,
    event.node_count,
    event.error_code,
    event.error_message,
    event.upgrade_id,
    event.observed_version,
    event.api_features
FROM (
    SELECT unnest(from_json($events, '[{
        "record": "BIGINT", "source": "VARCHAR", "id": "VARCHAR", "type": "VARCHAR", "time": "BIGINT",
        "observed_at": "BIGINT", "operation_id": "VARCHAR", "cluster_id": "VARCHAR", "scope": "VARCHAR",
        "provider": "VARCHAR", "node_pool": "VARCHAR", "region": "VARCHAR", "from_version": "VARCHAR",
        "to_version": "VARCHAR", "trigger": "VARCHAR", "workload_type": "VARCHAR", "node_count": "BIGINT",
        "error_code": "VARCHAR", "error_message": "VARCHAR", "upgrade_id": "VARCHAR",
        "observed_version": "VARCHAR", "api_features": ["VARCHAR"]}]')) AS event
)
