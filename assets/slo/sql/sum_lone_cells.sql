-- One row per window and value of each dimension that is looked at alone.
INSERT INTO counted
SELECT
    cells.slo,
    "window",
    cells.slice_by,
    cells.to_version,
    cells.to_minor,
    cells.region,
    cells.workload_type,
    cells."trigger",
    cells.scope,
    cells.provider,
    sum(good)::BIGINT,
    sum(bad)::BIGINT,
    sum(pending)::BIGINT,
    sum(excluded)::BIGINT
FROM slo.cells
INNER JOIN status_windows
    ON cells.slo = status_windows.slo
    AND cells.day >= status_windows.first_day
    AND cells.day < status_windows.end_day
WHERE
    cells.slo = $slo
    AND cells.slice_by IN (SELECT unnest($grains::VARCHAR[]))
    AND cells.day >= (SELECT min(first_day) FROM status_windows)
GROUP BY ALL
