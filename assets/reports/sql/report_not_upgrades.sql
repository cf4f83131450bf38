-- One row per source and class: records of the files delivered in the last days that were understood and are no upgrades.
SELECT
    files.source,
    not_upgrades.class,
    count(*) AS records
FROM telemetry.not_upgrades
INNER JOIN telemetry.files
    ON not_upgrades.file_id = files.file_id
WHERE not_upgrades.delivery_day >= $first_day AND not_upgrades.delivery_day <= $report_date
GROUP BY files.source, not_upgrades.class
ORDER BY files.source, records DESC, not_upgrades.class
