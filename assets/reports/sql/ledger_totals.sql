-- One row: the ledger's totals over every file delivered by $report_date.
SELECT
    coalesce(sum(lines), 0)::BIGINT AS lines,
    coalesce(sum(blank), 0)::BIGINT AS blank,
    coalesce(sum(records), 0)::BIGINT AS records,
    coalesce(sum(accepted), 0)::BIGINT AS accepted,
    coalesce(sum(duplicate), 0)::BIGINT AS duplicate,
    coalesce(sum(quarantined), 0)::BIGINT AS quarantined,
    coalesce(sum(not_an_upgrade), 0)::BIGINT AS not_an_upgrade
FROM telemetry.files
WHERE delivery_day <= $report_date
