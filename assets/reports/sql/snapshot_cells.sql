-- One row per start-day, SLO and slice, in order of day.
CREATE TABLE snapshot.slo.cells AS
SELECT *
FROM slo.cells
ORDER BY day, slo, slice_by, to_version, to_minor, region, workload_type, "trigger", scope, provider
