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
    AND cells.day >= CAST(status_windows.window_start AS DATE)
    AND cells.day < CAST(status_windows.window_end AS DATE)
WHERE
    cells.slo = $slo
    AND cells.slice_by = $grain
    AND cells.day >= (SELECT min(CAST(window_start AS DATE)) FROM status_windows)
GROUP BY {grouping_sets}
