-- One row per SLO, window and slice, the fleet's always, with the window's bounds, the target and the quantiles.
SELECT
    $report_date AS report_date,
    windows.slo,
    windows."window",
    windows.window_start,
    windows.window_end,
    coalesce(counted.slice_by, '') AS slice_by,
    counted.to_version,
    counted.to_minor,
    counted.region,
    counted.workload_type,
    counted."trigger",
    counted.scope,
    counted.provider,
    coalesce(counted.good, 0) AS good,
    coalesce(counted.bad, 0) AS bad,
    coalesce(counted.pending, 0) AS pending,
    coalesce(counted.excluded, 0) AS excluded,
    windows.target,
    windows.confidence,
    quantiles.seconds[1] AS p50,
    quantiles.seconds[2] AS p90,
    quantiles.seconds[3] AS p95,
    quantiles.seconds[4] AS p99
FROM status_windows AS windows
LEFT JOIN counted
    ON windows.slo = counted.slo AND windows."window" = counted."window"
LEFT JOIN quantiles
    ON counted.slo = quantiles.slo
    AND counted."window" = quantiles."window"
    AND counted.slice_by = quantiles.slice_by
    AND counted.to_version IS NOT DISTINCT FROM quantiles.to_version
    AND counted.to_minor IS NOT DISTINCT FROM quantiles.to_minor
    AND counted.region IS NOT DISTINCT FROM quantiles.region
    AND counted.workload_type IS NOT DISTINCT FROM quantiles.workload_type
    AND counted."trigger" IS NOT DISTINCT FROM quantiles."trigger"
    AND counted.scope IS NOT DISTINCT FROM quantiles.scope
    AND counted.provider IS NOT DISTINCT FROM quantiles.provider
