-- One row per start-day and slice of one SLO, for the days that are counted again, in order of day.
INSERT INTO slo.cells
WITH judged AS (
    SELECT
        day,
        coalesce(to_version, 'unknown') AS to_version,
        coalesce(to_minor, 'unknown') AS to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE day IN (SELECT day FROM recounted) AND ({total_where})
)
SELECT
    day,
    $slo,
    {slice_by},
    {columns},
    count(*) FILTER (WHERE outcome = 'good'),
    count(*) FILTER (WHERE outcome = 'bad'),
    count(*) FILTER (WHERE outcome = 'pending'),
    count(*) FILTER (WHERE outcome = 'excluded')
FROM judged
GROUP BY {grouping_sets}
ORDER BY day
