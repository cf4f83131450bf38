-- One row: what the files delivered on $delivery_day came to.
SELECT
    coalesce(sum(events), 0)::BIGINT AS events,
    coalesce(sum(accepted), 0)::BIGINT AS accepted,
    coalesce(sum(lines), 0)::BIGINT AS lines,
    coalesce(sum(quarantined), 0)::BIGINT AS quarantined,
    coalesce(sum(duplicate), 0)::BIGINT AS duplicate
FROM telemetry.files
WHERE delivery_day = $delivery_day
