-- One row per operation with an event that was delivered on $report_date.
CREATE OR REPLACE TEMP TABLE todays AS
SELECT DISTINCT cluster_id, operation_id, operation_key
FROM telemetry.events
WHERE delivery_day = $report_date
