-- One row per start-day of one SLO: operations of its total; part of cells_frame.
SELECT {slo} AS slo, day, count(*) AS operations
FROM upgrades.operations
WHERE day >= $recounted_from AND day <= $report_date AND ({total_where})
GROUP BY day
