-- One row per new file: its records that hold an event, those of them that are accepted, and the accepted events.
-- A row without a record number is a record of its own.
WITH events AS (
    SELECT
        file_id,
        record,
        rowid NOT IN (SELECT row_id FROM duplicates) AS is_kept
    FROM telemetry.events
    WHERE file_id > $known_file AND rowid NOT IN (SELECT row_id FROM excluded)
)
SELECT
    file_id,
    count(DISTINCT record) + count(*) FILTER (WHERE record IS NULL) AS given,
    count(DISTINCT CASE WHEN is_kept THEN record END) + count(*) FILTER (WHERE record IS NULL AND is_kept) AS accepted,
    count(*) FILTER (WHERE is_kept) AS events
FROM events
GROUP BY file_id
