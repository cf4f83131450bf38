-- One row per window and slice of one threshold SLO: exact quantiles of the durations of succeeded operations.
INSERT INTO quantiles
WITH durations AS (
    SELECT
        status_windows."window",
        coalesce(operations.to_version, 'unknown') AS to_version,
        coalesce(operations.to_minor, 'unknown') AS to_minor,
        operations.region,
        operations.workload_type,
        operations."trigger",
        operations.scope,
        operations.provider,
        operations.duration_seconds
    FROM upgrades.operations
    INNER JOIN status_windows
        ON status_windows.slo = $slo
        AND operations.day >= CAST(status_windows.window_start AS DATE)
        AND operations.day < CAST(status_windows.window_end AS DATE)
    WHERE
        operations.state = 'succeeded'
        AND operations.duration_seconds IS NOT NULL
        AND ({total_where})
        AND operations.day >= (SELECT min(CAST(window_start AS DATE)) FROM status_windows)
)
SELECT
    $slo,
    "window",
    {slice_by},
    {columns},
    quantile_disc(duration_seconds, $shares::DOUBLE[])
FROM durations
GROUP BY {grouping_sets}
