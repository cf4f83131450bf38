-- One row per failure category and responsibility: failed operations that started in the last days.
SELECT
    error_category,
    responsibility,
    count(*) AS failed_count
FROM upgrades.operations
WHERE day >= $first_day AND day <= $report_date AND state = 'failed'
GROUP BY error_category, responsibility
ORDER BY failed_count DESC, error_category, responsibility
