-- One row per row of the status of $day and each of the $days days that end with it, but the last: moved back so many days.
SELECT status.* REPLACE (
    report_date - back AS report_date,
    window_start - to_days(back) AS window_start,
    window_end - to_days(back) AS window_end
)
FROM slo.status AS status
CROSS JOIN (SELECT CAST(unnest(range(1, $days)) AS INTEGER) AS back) AS days
WHERE status.report_date = $day
ORDER BY back DESC
