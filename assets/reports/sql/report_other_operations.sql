-- One row per class: operations of the last days that turned out to be no upgrades when all that is known of them was put together.
SELECT
    class,
    count(*) AS operations
FROM upgrades.other_operations
WHERE day >= $first_day AND day <= $report_date
GROUP BY class
ORDER BY operations DESC, class
