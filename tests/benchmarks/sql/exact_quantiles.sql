-- One row per window and slice of one threshold SLO: exact quantiles of the durations of succeeded operations.
INSERT INTO exact
WITH durations AS (
    SELECT
        "window",
        coalesce(to_version, 'unknown') AS to_version,
        coalesce(to_minor, 'unknown') AS to_minor,
        region,
        workload_type,
        "trigger",
        scope,
        provider,
        duration_seconds
    FROM upgrades.operations
    INNER JOIN (VALUES ('28d', 28), ('7d', 7), ('3d', 3), ('1d', 1)) AS windows("window", days)
        ON day > $report_date::DATE - windows.days
    WHERE
        day > $report_date::DATE - 28
        AND day <= $report_date::DATE
        AND state = 'succeeded'
        AND duration_seconds IS NOT NULL
        AND ({total_where})
)
SELECT
    $slo,
    "window",
    {slice_by},
    {columns},
    quantile_disc(duration_seconds, [0.50, 0.90, 0.95, 0.99])
FROM durations
GROUP BY {grouping_sets}
