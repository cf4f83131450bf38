-- One row: operations that started in the last days and say that they succeeded, and what was seen of it afterwards.
SELECT
    count(*) AS succeeded,
    count(*) FILTER (WHERE version_confirmed IS NULL) AS unobserved,
    count(*) FILTER (WHERE version_confirmed IS NULL AND {noop}) AS unobserved_noops,
    count(*) FILTER (WHERE NOT version_confirmed) AS contradicted
FROM upgrades.operations
WHERE day >= $first_day AND day <= $report_date AND state = 'succeeded'
