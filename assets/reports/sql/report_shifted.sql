-- One row per SLO and value of its finest slice that has a decided operation in the SLO's own window or in the one a day earlier:
-- the counts of both, from the cells as they are now. $first_days: of the windows up to $report_date.
WITH looked_at AS (
    SELECT
        unnest($slos::VARCHAR[]) AS slo,
        unnest($grains::VARCHAR[]) AS slice_by,
        unnest($first_days::DATE[]) AS first_day
)
SELECT
    cells.slo,
    coalesce(sum(cells.good) FILTER (WHERE cells.day >= looked_at.first_day), 0)::BIGINT AS good,
    coalesce(sum(cells.bad) FILTER (WHERE cells.day >= looked_at.first_day), 0)::BIGINT AS bad,
    coalesce(sum(cells.good) FILTER (WHERE cells.day < $report_date), 0)::BIGINT AS good_before,
    coalesce(sum(cells.bad) FILTER (WHERE cells.day < $report_date), 0)::BIGINT AS bad_before
FROM slo.cells
INNER JOIN looked_at
    ON cells.slo = looked_at.slo
    AND cells.slice_by = looked_at.slice_by
    AND cells.day >= looked_at.first_day - 1
WHERE
    cells.day >= $first_day
    AND cells.day <= $report_date
GROUP BY
    cells.slo,
    cells.to_version,
    cells.to_minor,
    cells.region,
    cells.workload_type,
    cells."trigger",
    cells.scope,
    cells.provider
HAVING sum(cells.good) + sum(cells.bad) > 0
ORDER BY
    cells.slo,
    cells.to_version,
    cells.to_minor,
    cells.region,
    cells.workload_type,
    cells."trigger",
    cells.scope,
    cells.provider
