-- The status of a day, one row per SLO, window and slice, straight from the files; run by `with_chdb.py`, statement by statement.

-- One row per operation: the latest value of each attribute.
CREATE TABLE folded ENGINE = Memory AS
WITH
    events AS (
        SELECT
            substring(type, 26) AS kind,
            parseDateTime64BestEffortOrNull(time, 6, 'UTC') AS at,
            coalesce(parseDateTime64BestEffortOrNull(tupleElement(data, 'observed_at'), 6, 'UTC'), at) AS rank,
            tupleElement(data, 'operation_id') AS operation_id,
            tupleElement(data, 'cluster_id') AS cluster_id,
            tupleElement(data, 'scope') AS scope,
            nullIf(tupleElement(data, 'provider'), '') AS provider,
            nullIf(tupleElement(data, 'node_pool'), '') AS node_pool,
            nullIf(tupleElement(data, 'region'), '') AS region,
            nullIf(tupleElement(data, 'to_version'), '') AS to_version,
            nullIf(nullIf(tupleElement(data, 'trigger'), ''), 'unknown') AS trigger,
            nullIf(tupleElement(data, 'workload_type'), '') AS workload_type,
            nullIf(tupleElement(data, 'error_code'), '') AS error_code,
            nullIf(tupleElement(data, 'error_message'), '') AS error_message,
            nullIf(tupleElement(data, 'upgrade_id'), '') AS upgrade_id,
            nullIf(tupleElement(data, 'observed_version'), '') AS observed_version
        FROM file('{home}/landing/canonical/*/*.ndjson', 'JSONEachRow', $$
            id Nullable(String), source Nullable(String), type Nullable(String), time Nullable(String),
            data Tuple(
                operation_id Nullable(String), cluster_id Nullable(String), scope Nullable(String), provider Nullable(String),
                node_pool Nullable(String), region Nullable(String), to_version Nullable(String), trigger Nullable(String),
                workload_type Nullable(String), error_code Nullable(String), error_message Nullable(String),
                upgrade_id Nullable(String), observed_version Nullable(String), observed_at Nullable(String))$$)
        WHERE
            id <> ''
            AND source <> ''
            AND type IN (
                'dev.upgradeslo.operation.scheduled', 'dev.upgradeslo.operation.started', 'dev.upgradeslo.operation.succeeded',
                'dev.upgradeslo.operation.failed', 'dev.upgradeslo.operation.cancelled', 'dev.upgradeslo.operation.superseded',
                'dev.upgradeslo.operation.skipped')
            AND at >= '2014-06-06'
            AND operation_id <> ''
            AND cluster_id <> ''
            AND scope IN ('control_plane', 'node_pool', 'node_image', 'addon', 'cluster')
        LIMIT 1 BY source, id
    )
SELECT
    assumeNotNull(events.cluster_id) AS cluster_id,
    assumeNotNull(events.operation_id) AS operation_id,
    minIf(at, kind = 'scheduled') AS scheduled_at,
    minIf(at, kind = 'started') AS started_at,
    argMaxIf(kind, rank, kind NOT IN ('scheduled', 'started')) AS ended_as,
    argMaxIf(at, rank, kind NOT IN ('scheduled', 'started')) AS finished_at,
    argMax(events.scope, rank) AS scope,
    argMax(events.provider, rank) AS provider,
    argMax(events.node_pool, rank) AS node_pool,
    argMax(events.region, rank) AS region,
    argMax(events.to_version, rank) AS to_version,
    argMax(events.trigger, rank) AS trigger,
    argMax(events.workload_type, rank) AS workload_type,
    argMax(events.error_code, rank) AS error_code,
    argMax(events.error_message, rank) AS error_message,
    argMax(events.upgrade_id, rank) AS upgrade_id,
    argMax(events.observed_version, rank) AS observed_version,
    coalesce(started_at, scheduled_at, finished_at) AS dated_at,
    coalesce(ended_as, if(started_at IS NULL, 'scheduled', 'running')) AS state
FROM events
GROUP BY cluster_id, operation_id;

-- One row per cluster or node pool and period.
CREATE TABLE inventory ENGINE = Memory AS
SELECT
    cluster_id,
    nullIf(node_pool, '') AS node_pool,
    nullIf(region, '') AS region,
    nullIf(workload_type, '') AS workload_type,
    nullIf(provider, '') AS provider,
    coalesce(parseDateTime64BestEffortOrNull(valid_from, 6, 'UTC'), toDateTime64('1971-01-01', 6, 'UTC')) AS since,
    coalesce(parseDateTime64BestEffortOrNull(valid_to, 6, 'UTC'), toDateTime64('2200-01-01', 6, 'UTC')) AS until
FROM file('{home}/inventory/clusters.csv', 'CSVWithNames', $$
    cluster_id String, node_pool String, region String, workload_type String, provider String,
    valid_from String, valid_to String$$);

-- One row per operation: what the inventory adds, what it counts as, and whether it is a first attempt.
CREATE TABLE operations ENGINE = Memory AS
WITH
    pools AS (
        SELECT folded.cluster_id AS cluster_id, folded.operation_id AS operation_id,
            any(inventory.provider) AS provider, any(inventory.region) AS region, any(inventory.workload_type) AS workload_type
        FROM folded
        INNER JOIN inventory ON folded.cluster_id = inventory.cluster_id AND folded.node_pool = inventory.node_pool
        WHERE dated_at >= since AND dated_at < until
        GROUP BY folded.cluster_id, folded.operation_id
    ),
    clusters AS (
        SELECT folded.cluster_id AS cluster_id, folded.operation_id AS operation_id,
            any(inventory.provider) AS provider, any(inventory.region) AS region, any(inventory.workload_type) AS workload_type
        FROM folded
        INNER JOIN inventory ON folded.cluster_id = inventory.cluster_id
        WHERE inventory.node_pool IS NULL AND dated_at >= since AND dated_at < until
        GROUP BY folded.cluster_id, folded.operation_id
    ),
    failures AS (
        SELECT error_code, error_message, responsibility
        FROM file('{home}/failures.csv', 'CSVWithNames', 'error_code String, error_message String, responsibility String')
    ),
    enriched AS (
        SELECT
            folded.cluster_id AS cluster_id,
            folded.operation_id AS operation_id,
            folded.scope AS scope,
            folded.node_pool AS node_pool,
            folded.to_version AS to_version,
            folded.upgrade_id AS upgrade_id,
            folded.observed_version AS observed_version,
            folded.started_at AS started_at,
            folded.finished_at AS finished_at,
            folded.dated_at AS dated_at,
            folded.state AS state,
            coalesce(folded.provider, pools.provider, clusters.provider, 'unknown') AS provider,
            coalesce(folded.region, pools.region, clusters.region, 'unknown') AS region,
            coalesce(folded.workload_type, pools.workload_type, clusters.workload_type, 'unknown') AS workload_type,
            coalesce(folded.trigger, 'unknown') AS trigger,
            if(folded.state = 'failed', coalesce(nullIf(failures.responsibility, ''), 'platform'), 'none') AS responsibility
        FROM folded
        LEFT JOIN pools ON folded.cluster_id = pools.cluster_id AND folded.operation_id = pools.operation_id
        LEFT JOIN clusters ON folded.cluster_id = clusters.cluster_id AND folded.operation_id = clusters.operation_id
        LEFT JOIN failures
            ON ifNull(folded.error_code, '') = failures.error_code AND ifNull(folded.error_message, '') = failures.error_message
    ),
    -- Operations without an upgrade_id on one resource and towards one version are one upgrade until it has succeeded.
    rounds AS (
        SELECT
            *,
            if(upgrade_id IS NULL, to_version, NULL) AS towards,
            if(upgrade_id IS NULL, sum(state = 'succeeded') OVER (
                PARTITION BY provider, cluster_id, scope, node_pool, to_version, upgrade_id IS NULL
                ORDER BY dated_at, operation_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - (state = 'succeeded'), NULL) AS round
        FROM enriched
    )
SELECT
    toDate(dated_at) AS day,
    coalesce(rounds.to_version, 'unknown') AS version,
    coalesce(nullIf(extract(ifNull(rounds.to_version, ''), '^v?([0-9]+\\.[0-9]+)'), ''), 'unknown') AS minor,
    region,
    workload_type,
    trigger,
    scope,
    provider,
    state,
    responsibility,
    observed_version IS NULL OR ifNull(observed_version = rounds.to_version, false) AS confirmed,
    toUnixTimestamp64Micro(finished_at) - toUnixTimestamp64Micro(started_at) AS elapsed_us,
    if(elapsed_us >= 0, elapsed_us, NULL) AS duration_us,
    toUnixTimestamp64Micro(toDateTime64('{as_of}', 6, 'UTC')) - toUnixTimestamp64Micro(started_at) AS age_us,
    multiIf(scope = 'control_plane', 1200000000, scope = 'node_pool', 2700000000, NULL) AS limit_us,
    row_number() OVER (
        PARTITION BY provider, cluster_id, scope, node_pool, upgrade_id, towards, round
        ORDER BY dated_at, operation_id) = 1 AS is_first,
    multiIf(
        state IN ('cancelled', 'superseded', 'skipped', 'scheduled'), 'excluded',
        state = 'running', if(age_us < 86400000000, 'pending', 'bad'),
        state = 'succeeded' AND confirmed AND ifNull(duration_us, 0) <= 86400000000, 'good',
        'bad') AS success,
    multiIf(
        state IN ('cancelled', 'superseded', 'skipped', 'scheduled'), 'excluded',
        state = 'running', if(age_us <= limit_us, 'pending', 'bad'),
        duration_us IS NULL, 'excluded',
        state <> 'failed' AND duration_us <= limit_us, 'good',
        'bad') AS speed
FROM rounds;

-- One row per SLO, window and slice.
WITH
    judged AS (
        SELECT
            day,
            version AS to_version,
            minor AS to_minor,
            region,
            workload_type,
            trigger,
            scope,
            provider,
            arrayJoin(arrayFilter(each -> tupleElement(each, 1) <> '', [
                ('upgrade-success', success),
                (if(responsibility <> 'customer', 'platform-upgrade-success', ''), success),
                (if(is_first, 'first-attempt-success', ''), success),
                (multiIf(scope = 'control_plane', 'control-plane-duration', scope = 'node_pool', 'node-pool-duration', ''), speed)
            ])) AS judgement,
            tupleElement(judgement, 1) AS slo,
            tupleElement(judgement, 2) AS outcome,
            if(slo LIKE '%-duration' AND state = 'succeeded', duration_us / 1e6, NULL) AS seconds,
            arrayJoin([('28d', 28), ('7d', 7), ('3d', 3), ('1d', 1)]) AS look_back,
            tupleElement(look_back, 1) AS window
        FROM operations
        WHERE day < toDate('{day}') + 1 AND day > toDate('{day}') - tupleElement(look_back, 2)
    )
SELECT
    slo,
    window,
    to_version,
    to_minor,
    region,
    workload_type,
    trigger,
    scope,
    provider,
    toInt64(countIf(outcome = 'good')) AS good,
    toInt64(countIf(outcome = 'bad')) AS bad,
    toInt64(countIf(outcome = 'pending')) AS pending,
    toInt64(countIf(outcome = 'excluded')) AS excluded,
    arraySort(groupArray(seconds)) AS durations,
    if(empty(durations), NULL, durations[toUInt32(ceil(0.50 * length(durations)))]) AS p50,
    if(empty(durations), NULL, durations[toUInt32(ceil(0.90 * length(durations)))]) AS p90,
    if(empty(durations), NULL, durations[toUInt32(ceil(0.95 * length(durations)))]) AS p95,
    if(empty(durations), NULL, durations[toUInt32(ceil(0.99 * length(durations)))]) AS p99
FROM judged
GROUP BY GROUPING SETS (
    (slo, window),
    (slo, window, to_version),
    (slo, window, region),
    (slo, window, workload_type),
    (slo, window, to_version, region),
    (slo, window, to_version, workload_type),
    (slo, window, region, workload_type),
    (slo, window, to_version, region, workload_type),
    (slo, window, to_minor),
    (slo, window, scope),
    (slo, window, trigger),
    (slo, window, provider))
