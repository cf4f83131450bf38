-- One row per event delivered from $first_day to $last_day: a fleet whose resources are upgraded every 7, 30, 90 or 300 days.
-- Everything follows from hashes of the resource and the day, so any day can be made by itself, and again.
WITH cadences(every, share, first_resource) AS (
    VALUES (7, 0.25, 0), (30, 0.45, 100000000), (90, 0.2, 200000000), (300, 0.1, 300000000)
),
starts AS (
    SELECT
        day,
        every,
        first_resource + place AS resource,
        -- Five resources to a cluster, all of which are upgraded on the same day.
        first_resource + place // (5 * every) * every + place % every AS cluster,
        place // every % 5 AS slot,
        1 AS attempt,
        CAST(hash(first_resource + place, epoch_day) // 2 AS BIGINT) AS chance
    FROM (
        SELECT
            CAST(day AS DATE) AS day,
            epoch_us(day) // 86400000000 AS epoch_day,
            every,
            first_resource,
            unnest(range(CAST(share * $operations_a_day AS BIGINT))) * every + epoch_us(day) // 86400000000 % every AS place
        FROM range($first_day::TIMESTAMP - INTERVAL 12 DAY, $last_day::TIMESTAMP + INTERVAL 2 DAY, INTERVAL 1 DAY) AS days(day)
        CROSS JOIN cadences
    )
),
attempts AS (
    FROM starts
    UNION ALL
    -- Of 1000 first attempts 15 fail; most are tried again, which may be on the next day.
    SELECT * REPLACE (2 AS attempt, CAST(hash(chance, 'again') // 2 AS BIGINT) AS chance)
    FROM starts
    WHERE chance % 1000 < 15 AND chance // 1000 % 10 < 8
),
placed AS (
    SELECT
        *,
        CAST(hash(cluster) // 2 AS BIGINT) AS kind,
        CASE attempt WHEN 1 THEN 0 ELSE 10800 END + CAST(hash(resource, day) % 86400 AS BIGINT) AS start_second,
        -- A sum of four even chances is close enough to a normal one.
        exp(0.4 * 1.73 * (
            (chance // 3 % 1000 + chance // 3001 % 1000 + chance // 3000017 % 1000 + chance // 3000000019 % 1000) / 1000.0 - 2
        )) AS slowness
    FROM attempts
),
operations AS (
    SELECT
        chance,
        attempt,
        resource,
        ['aks', 'eks', 'gke', 'openshift'][kind % 4 + 1] AS provider,
        cluster,
        kind,
        CASE slot WHEN 0 THEN 'control_plane' WHEN 1 THEN 'node_pool' WHEN 3 THEN 'node_pool' ELSE 'node_image' END AS scope,
        CASE WHEN slot IN (1, 2) THEN 'system' WHEN slot IN (3, 4) THEN 'user' END AS node_pool,
        (epoch_us(day::TIMESTAMP) // 86400000000) // 30 AS month,
        33 + kind // 4 % 3 AS minor,
        day::TIMESTAMP + to_microseconds(start_second * 1000000 + chance % 1000000) AS started_at,
        to_microseconds(CAST(1e6 * slowness * CASE WHEN slot = 0 THEN 600 ELSE 1300 END AS BIGINT)) AS duration,
        CASE
            WHEN attempt = 1 AND chance % 1000 < 15 THEN 'failed'
            WHEN attempt = 2 AND chance % 1000 < 300 THEN 'failed'
            WHEN chance % 1000 < 19 THEN 'cancelled'
            WHEN chance % 10000 < 195 THEN NULL  -- nothing is heard of it again
            ELSE 'succeeded'
        END AS ended_as,
        format('op-{}-{}-{}', resource, day, attempt) AS operation_id
    FROM placed
),
versioned AS (
    SELECT
        *,
        format('{}-{}', provider, cluster) AS cluster_id,
        format('{}-region-{}', provider, kind // 12 % 8) AS region,
        CASE scope
            WHEN 'node_image' THEN format('{}-image-{}', provider, month)
            ELSE format('1.{}.{}-{}', minor, month, provider)
        END AS wanted_version,
        CASE scope
            WHEN 'node_image' THEN format('{}-image-{}', provider, month - 1)
            ELSE format('1.{}.{}-{}', minor, month - 1, provider)
        END AS from_version
    FROM operations
),
moments AS (
    SELECT *, 'scheduled' AS type, started_at - to_seconds(60 + chance % 3600) AS time
    FROM versioned
    WHERE chance // 11 % 4 < 3
    UNION ALL
    SELECT *, 'started', started_at
    FROM versioned
    UNION ALL
    SELECT *, ended_as, started_at + duration
    FROM versioned
    WHERE ended_as IS NOT NULL
),
delivered AS (
    SELECT
        *,
        -- Two in a hundred come a day late, two in a thousand another day later, two in ten thousand after ten days.
        CAST(time AS DATE) + CASE
            WHEN hash(chance, type) % 10000 < 2 THEN 10
            WHEN hash(chance, type) % 1000 < 2 THEN 2
            WHEN hash(chance, type) % 1000 < 22 THEN 1
            ELSE 0
        END AS delivery_day
    FROM moments
)
SELECT
    delivery_day,
    hour(time) // 8 AS part,
    format('/fleet/{}/{}', provider, region) AS source,
    format('{}.{}', operation_id, type) AS id,
    type,
    time,
    operation_id,
    cluster_id,
    scope,
    provider,
    node_pool,
    region,
    CASE WHEN chance // 13 % 8 > 0 THEN from_version END AS from_version,
    -- One operation in twenty does not say what it wants.
    CASE WHEN chance // 29 % 20 > 0 THEN wanted_version END AS to_version,
    ['auto_channel', 'maintenance', 'manual', 'security'][chance // 17 % 4 + 1] AS "trigger",
    ['web', 'batch_etl', 'ml_batch', 'stateful_db', 'ci_runner', 'streaming', 'gpu_inference', 'api'][kind // 96 % 8 + 1]
        AS workload_type,
    CASE WHEN scope <> 'control_plane' THEN CAST(3 + resource % 40 AS BIGINT) END AS node_count,
    CASE type
        WHEN 'failed' THEN ['PodDrainFailure', 'InternalOperationError', 'QuotaExceeded'][chance // 19 % 3 + 1]
    END AS error_code,
    CASE WHEN kind // 768 % 9 < 5 THEN format('up-{}-{}', resource, month) END AS upgrade_id,
    CASE WHEN type = 'succeeded' AND chance // 23 % 2 = 0 THEN wanted_version END AS observed_version,
    CASE WHEN kind // 768 % 9 = 0 THEN ['policy/v1beta1/PodDisruptionBudget'] END AS api_features
FROM delivered
WHERE delivery_day >= $first_day AND delivery_day <= $last_day
