-- One row per row of the status of $day, moved $back days into the past.
SELECT * REPLACE (
    report_date - $back::INTEGER AS report_date,
    window_start - to_days($back::INTEGER) AS window_start,
    window_end - to_days($back::INTEGER) AS window_end
)
FROM slo.status
WHERE report_date = $day
