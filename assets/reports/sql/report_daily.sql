-- One row per SLO and start-day of the fleet. Every grain of an SLO's cells adds up to the fleet; one of them is enough.
WITH grains AS (
    SELECT slo, max(slice_by) AS slice_by
    FROM slo.cells
    WHERE day >= $first_day AND day <= $report_date
    GROUP BY slo
)
SELECT
    cells.slo,
    cells.day,
    sum(cells.good)::BIGINT AS good,
    sum(cells.bad)::BIGINT AS bad,
    sum(cells.pending)::BIGINT AS pending,
    sum(cells.excluded)::BIGINT AS excluded
FROM slo.cells
INNER JOIN grains
    ON cells.slo = grains.slo AND cells.slice_by = grains.slice_by
WHERE cells.day >= $first_day AND cells.day <= $report_date
GROUP BY cells.slo, cells.day
ORDER BY cells.slo, cells.day
