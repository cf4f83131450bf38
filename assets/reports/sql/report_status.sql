-- The rows of `slo.status` for $report_date, in a fixed order.
SELECT *
FROM slo.status
WHERE report_date = $report_date
ORDER BY slo, "window", slice_by, to_version, to_minor, region, workload_type, "trigger", scope, provider
