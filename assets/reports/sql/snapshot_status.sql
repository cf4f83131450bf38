-- One row per report date, SLO, window and slice.
CREATE TABLE snapshot.slo.status AS
SELECT *
FROM slo.status
ORDER BY report_date, slo, "window", slice_by, to_version, to_minor, region, workload_type, "trigger", scope, provider
