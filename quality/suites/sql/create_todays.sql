-- One row per operation with an event that was delivered on $report_date; of a provider's thread, where events only together say
-- which operations there are, one row without an operation.
CREATE OR REPLACE TEMP TABLE todays AS
SELECT DISTINCT
    thread_key,
    cluster_id,
    CASE WHEN thread IS NULL THEN operation_id END AS operation_id
FROM telemetry.events
WHERE delivery_day = $report_date AND type <> 'described'
