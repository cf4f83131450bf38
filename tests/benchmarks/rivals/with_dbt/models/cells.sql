-- One row per start-day, SLO and combination of the seven dimensions: how many operations counted as what.
{{ config(materialized='table') }}
WITH judged AS (
    SELECT
        day,
        to_version,
        to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        responsibility,
        is_first_attempt,
        CASE
            WHEN state IN ('cancelled', 'superseded', 'skipped', 'scheduled') THEN 'excluded'
            WHEN state = 'running' THEN CASE WHEN age_us < 86400000000 THEN 'pending' ELSE 'bad' END
            WHEN state = 'succeeded' AND has_version AND (duration_us IS NULL OR duration_us <= 86400000000) THEN 'good'
            ELSE 'bad'
        END AS success,
        CASE
            WHEN state IN ('cancelled', 'superseded', 'skipped', 'scheduled') THEN 'excluded'
            WHEN state = 'running' THEN CASE WHEN age_us <= limit_us THEN 'pending' ELSE 'bad' END
            WHEN duration_us IS NULL THEN 'excluded'
            WHEN state <> 'failed' AND duration_us <= limit_us THEN 'good'
            ELSE 'bad'
        END AS speed
    FROM (
        SELECT
            * REPLACE (CASE WHEN duration_us >= 0 THEN duration_us END AS duration_us),
            epoch_us(TIMESTAMP '{{ var("as_of") }}') - epoch_us(started_at) AS age_us,
            CASE scope WHEN 'control_plane' THEN 1200000000 WHEN 'node_pool' THEN 2700000000 END AS limit_us
        FROM {{ ref('operations') }}
    )
),
by_slo AS (
    SELECT *, 'upgrade-success' AS slo, success AS outcome FROM judged
    UNION ALL
    SELECT *, 'platform-upgrade-success', success FROM judged WHERE responsibility <> 'customer'
    UNION ALL
    SELECT *, 'first-attempt-success', success FROM judged WHERE is_first_attempt
    UNION ALL
    SELECT *, 'control-plane-duration', speed FROM judged WHERE scope = 'control_plane'
    UNION ALL
    SELECT *, 'node-pool-duration', speed FROM judged WHERE scope = 'node_pool'
)
SELECT
    day,
    slo,
    to_version,
    to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    count(*) FILTER (WHERE outcome = 'good') AS good,
    count(*) FILTER (WHERE outcome = 'bad') AS bad,
    count(*) FILTER (WHERE outcome = 'pending') AS pending,
    count(*) FILTER (WHERE outcome = 'excluded') AS excluded
FROM by_slo
GROUP BY day, slo, to_version, to_minor, region, workload_type, "trigger", scope, provider
