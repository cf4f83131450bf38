-- One row per SLO and window: the fleet's status, and how many of its slices missed the target.
SELECT
    slo,
    "window",
    max(CASE WHEN slice_by = '' THEN verdict END) AS verdict,
    max(CASE WHEN slice_by = '' THEN good END) AS good,
    max(CASE WHEN slice_by = '' THEN bad END) AS bad,
    max(CASE WHEN slice_by = '' THEN pending END) AS pending,
    max(CASE WHEN slice_by = '' THEN sli END) AS sli,
    max(target) AS target,
    max(CASE WHEN slice_by = '' THEN burn_rate END) AS burn_rate,
    count(*) FILTER (WHERE slice_by <> '' AND verdict = 'missed') AS slices_missed
FROM slo.status
WHERE report_date = $report_date
GROUP BY slo, "window"
ORDER BY slo, "window"
