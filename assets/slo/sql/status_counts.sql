-- One row per SLO, window and slice, the fleet's always, with the window's bounds and the target; in order of these.
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
    counted.good_share,
    counted.bad_share,
    windows.target,
    windows.confidence
FROM status_windows AS windows
LEFT JOIN counted
    ON windows.slo = counted.slo AND windows."window" = counted."window"
ORDER BY
    windows.slo,
    windows."window",
    counted.slice_by,
    counted.to_version NULLS FIRST,
    counted.to_minor NULLS FIRST,
    counted.region NULLS FIRST,
    counted.workload_type NULLS FIRST,
    counted."trigger" NULLS FIRST,
    counted.scope NULLS FIRST,
    counted.provider NULLS FIRST
