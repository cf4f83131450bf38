-- One row per source: the ledger of every file delivered by $report_date.
SELECT
    source,
    count(*) AS files,
    count(*) FILTER (WHERE status = 'redelivered') AS redelivered,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    sum(lines)::BIGINT AS lines,
    sum(blank)::BIGINT AS blank,
    sum(records)::BIGINT AS records,
    sum(accepted)::BIGINT AS accepted,
    sum(duplicate)::BIGINT AS duplicate,
    sum(quarantined)::BIGINT AS quarantined,
    sum(not_an_upgrade)::BIGINT AS not_an_upgrade
FROM telemetry.files
WHERE delivery_day <= $report_date
GROUP BY source
ORDER BY source
