-- One row per SLO, window and slice: the counts, and the duration quantiles of the duration SLOs.
{{ config(materialized='external', location=var('target'), format='parquet') }}
WITH windows AS (
    SELECT "window", CAST(TIMESTAMP '{{ var("as_of") }}' AS DATE) - days AS first_day
    FROM (VALUES ('28d', 28), ('7d', 7), ('3d', 3), ('1d', 1)) AS each("window", days)
),
counted AS (
    SELECT
        slo,
        "window",
        to_version,
        to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        grouping(to_version, to_minor, region, workload_type, "trigger", scope, provider) AS slicing,
        sum(good) AS good,
        sum(bad) AS bad,
        sum(pending) AS pending,
        sum(excluded) AS excluded
    FROM {{ ref('cells') }}
    INNER JOIN windows ON day >= first_day
    WHERE day < TIMESTAMP '{{ var("as_of") }}' AND day >= TIMESTAMP '{{ var("as_of") }}' - INTERVAL 28 DAY
    GROUP BY GROUPING SETS (
        (slo, "window"),
        (slo, "window", to_version),
        (slo, "window", region),
        (slo, "window", workload_type),
        (slo, "window", to_version, region),
        (slo, "window", to_version, workload_type),
        (slo, "window", region, workload_type),
        (slo, "window", to_version, region, workload_type),
        (slo, "window", to_minor),
        (slo, "window", scope),
        (slo, "window", "trigger"),
        (slo, "window", provider))
),
timed AS (
    SELECT
        CASE scope WHEN 'control_plane' THEN 'control-plane-duration' ELSE 'node-pool-duration' END AS slo,
        "window",
        to_version,
        to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        duration_us / 1e6 AS seconds
    FROM {{ ref('operations') }}
    INNER JOIN windows ON day >= first_day
    WHERE
        day < TIMESTAMP '{{ var("as_of") }}'
        AND day >= TIMESTAMP '{{ var("as_of") }}' - INTERVAL 28 DAY
        AND scope IN ('control_plane', 'node_pool')
        AND state = 'succeeded'
        AND duration_us >= 0
),
quantiles AS (
    SELECT
        slo,
        "window",
        to_version,
        to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        grouping(to_version, to_minor, region, workload_type, "trigger", scope, provider) AS slicing,
        quantile_disc(seconds, [0.50, 0.90, 0.95, 0.99]) AS seconds
    FROM timed
    GROUP BY GROUPING SETS (
        (slo, "window"),
        (slo, "window", to_version),
        (slo, "window", region),
        (slo, "window", workload_type),
        (slo, "window", to_version, region),
        (slo, "window", to_version, workload_type),
        (slo, "window", region, workload_type),
        (slo, "window", to_version, region, workload_type),
        (slo, "window", to_minor),
        (slo, "window", scope),
        (slo, "window", "trigger"),
        (slo, "window", provider))
)
SELECT
    counted.* EXCLUDE (slicing),
    seconds[1] AS p50,
    seconds[2] AS p90,
    seconds[3] AS p95,
    seconds[4] AS p99
FROM counted
LEFT JOIN quantiles
    ON counted.slo = quantiles.slo
    AND counted."window" = quantiles."window"
    AND counted.slicing = quantiles.slicing
    AND counted.to_version IS NOT DISTINCT FROM quantiles.to_version
    AND counted.to_minor IS NOT DISTINCT FROM quantiles.to_minor
    AND counted.region IS NOT DISTINCT FROM quantiles.region
    AND counted.workload_type IS NOT DISTINCT FROM quantiles.workload_type
    AND counted."trigger" IS NOT DISTINCT FROM quantiles."trigger"
    AND counted.scope IS NOT DISTINCT FROM quantiles.scope
    AND counted.provider IS NOT DISTINCT FROM quantiles.provider
