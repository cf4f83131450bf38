-- One row per event of $part of $day, as a canonical line.
COPY (
    SELECT
        '1.0' AS specversion,
        source,
        id,
        'dev.upgradeslo.operation.' || type AS type,
        strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ') AS time,
        {
            'operation_id': operation_id, 'cluster_id': cluster_id, 'scope': scope, 'provider': provider, 'node_pool': node_pool,
            'region': region, 'from_version': from_version, 'to_version': to_version, 'trigger': "trigger",
            'workload_type': workload_type, 'node_count': node_count, 'error_code': error_code, 'upgrade_id': upgrade_id,
            'observed_version': observed_version, 'api_features': api_features
        } AS data
    FROM ({history}) AS events
    WHERE part = $part
    ORDER BY events.time
) TO '{target}' (FORMAT json)
