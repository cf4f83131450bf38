-- One row per source and quarantine reason: refused records of the files delivered in the last days, and on $report_date alone.
SELECT
    files.source,
    quarantine.reason,
    count(*) AS quarantined,
    count(*) FILTER (WHERE quarantine.delivery_day = $report_date) AS quarantined_today
FROM telemetry.quarantine
INNER JOIN telemetry.files
    ON quarantine.file_id = files.file_id
WHERE quarantine.delivery_day >= $first_day AND quarantine.delivery_day <= $report_date
GROUP BY files.source, quarantine.reason
ORDER BY files.source, quarantined DESC, quarantine.reason
