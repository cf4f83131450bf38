-- One row per quarantine reason: refused lines of every file up to $report_date, and of that day alone.
SELECT
    reason,
    count(*) AS quarantined,
    count(*) FILTER (WHERE delivery_day = $report_date) AS quarantined_today
FROM telemetry.quarantine
WHERE delivery_day <= $report_date
GROUP BY reason
ORDER BY quarantined DESC, reason
