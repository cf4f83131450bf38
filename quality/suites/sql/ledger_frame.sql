-- One row per file delivered by $report_date: what is left over of its records and lines after accounting.
SELECT
    path,
    delivery_day,
    records,
    CAST(status = 'failed' AS INTEGER) AS is_failed,
    CASE WHEN status = 'failed' THEN path || ': ' || error END AS failure,
    records - accepted - duplicate - quarantined - not_an_upgrade AS unexplained_records,
    CASE WHEN source = 'canonical' THEN lines - records - blank ELSE 0 END AS unexplained_lines
FROM telemetry.files
WHERE delivery_day <= $report_date
ORDER BY delivery_day, path
