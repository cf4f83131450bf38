-- One row per slice of one SLO's window: its operations on the days that the window holds only a part of.
INSERT INTO counted
WITH judged AS (
    SELECT
        coalesce(to_version, 'unknown') AS to_version,
        coalesce(to_minor, 'unknown') AS to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE
        (day BETWEEN CAST($start AS DATE) AND $first_day - 1 OR day BETWEEN $end_day AND CAST($seen_until AS DATE))
        AND coalesce(started_at, scheduled_at, finished_at) >= $start
        AND coalesce(started_at, scheduled_at, finished_at) < $seen_until
        AND ({total_where})
)
SELECT
    $slo,
    $window,
    {slice_by},
    {columns},
    count(*) FILTER (WHERE outcome = 'good'),
    count(*) FILTER (WHERE outcome = 'bad'),
    count(*) FILTER (WHERE outcome = 'pending'),
    count(*) FILTER (WHERE outcome = 'excluded')
FROM judged
GROUP BY {grouping_sets}
