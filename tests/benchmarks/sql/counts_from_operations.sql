-- One row per window and slice of one SLO: its operations counted as they stand, without cells.
INSERT INTO counted_directly
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
    WHERE day > $report_date::DATE - 28 AND day <= $report_date::DATE AND ({total_where})
)
SELECT
    $slo,
    "window",
    {slice_by},
    {columns},
    count(*) FILTER (WHERE outcome = 'good'),
    count(*) FILTER (WHERE outcome = 'bad'),
    count(*) FILTER (WHERE outcome = 'pending'),
    count(*) FILTER (WHERE outcome = 'excluded')
FROM judged
INNER JOIN (VALUES ('28d', 28), ('7d', 7), ('3d', 3), ('1d', 1)) AS windows("window", days)
    ON day > $report_date::DATE - windows.days
GROUP BY {grouping_sets}
