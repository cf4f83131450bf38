-- One row per SLO and slice of the operations that started on $day.
SELECT *
FROM slo.cells
WHERE day = $day
ORDER BY day, slo, slice_by, to_version, to_minor, region, workload_type, "trigger", scope, provider
