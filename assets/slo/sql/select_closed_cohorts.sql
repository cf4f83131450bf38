-- One row per slice of one SLO and start-day from $first_day to $last_day with a decided operation.
WITH counted AS (
    SELECT
        day,
        {slice_by} AS slice_by,
        {columns},
        sum(bad)::BIGINT AS bad,
        sum(good + bad)::BIGINT AS total
    FROM slo.cells
    WHERE cells.slo = $slo AND cells.slice_by = $grain AND day >= $first_day AND day <= $last_day
    GROUP BY {grouping_sets}
    UNION ALL
    SELECT
        day,
        slice_by,
        to_version,
        to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        bad,
        good + bad AS total
    FROM slo.cells
    WHERE
        slo = $slo
        AND slice_by IN (SELECT unnest($grains::VARCHAR[]))
        AND day >= $first_day
        AND day <= $last_day
)
SELECT
    slice_by,
    to_version,
    to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    day,
    bad,
    total
FROM counted
WHERE total > 0
ORDER BY
    slice_by,
    to_version NULLS FIRST,
    to_minor NULLS FIRST,
    region NULLS FIRST,
    workload_type NULLS FIRST,
    "trigger" NULLS FIRST,
    scope NULLS FIRST,
    provider NULLS FIRST,
    day
