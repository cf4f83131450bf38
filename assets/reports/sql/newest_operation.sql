-- One row: the start-day of the newest operation that the report of $report_date counts; NULL when there is none.
SELECT max(day)
FROM upgrades.operations
WHERE day >= $first_day AND day <= $report_date
