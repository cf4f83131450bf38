-- One row per window and subset of the SLO's finest slice.
INSERT INTO counted
SELECT
    $slo,
    "window",
    {slice_by},
    {columns},
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
    AND cells.slice_by = $grain
    AND cells.day >= (SELECT min(first_day) FROM status_windows)
GROUP BY {grouping_sets}
