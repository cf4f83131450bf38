-- The rows of `slo.alerts` for $report_date, in a fixed order.
SELECT *
FROM slo.alerts
WHERE report_date = $report_date
ORDER BY slo, condition
