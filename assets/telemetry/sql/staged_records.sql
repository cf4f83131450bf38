-- One row per file of the delivery day at hand: its records that gave a new event, its records that gave only known ones.
SELECT
    file_id,
    count(*) FILTER (WHERE kept_events > 0) AS accepted,
    count(*) FILTER (WHERE kept_events = 0) AS duplicate,
    sum(kept_events)::BIGINT AS events
FROM (
    SELECT
        staging.file_id,
        coalesce(staging.line, staging.rowid - staged_files.first_row + 1) AS line,
        count(*) FILTER (WHERE excluded.row_id IS NULL) AS kept_events
    FROM staging
    INNER JOIN staged_files ON staging.file_id = staged_files.file_id
    LEFT JOIN excluded ON staging.rowid = excluded.row_id
    WHERE excluded.row_id IS NULL OR excluded.is_duplicate
    GROUP BY ALL
)
GROUP BY file_id
