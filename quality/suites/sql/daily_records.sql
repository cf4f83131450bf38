-- One row per delivery day up to $report_date: records received.
SELECT delivery_day, sum(records)::BIGINT AS records
FROM telemetry.files
WHERE delivery_day >= $first_day AND delivery_day <= $report_date
GROUP BY delivery_day
ORDER BY delivery_day
