-- One row per refused line of every file delivered by $report_date, without its bytes.
CREATE TABLE snapshot.telemetry.quarantine AS
SELECT
    path,
    delivery_day,
    line,
    reason
FROM telemetry.quarantine
WHERE delivery_day <= $report_date
ORDER BY delivery_day, path, line
