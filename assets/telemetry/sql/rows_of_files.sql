-- One row per file: the first of its rows that were read in bulk, how many there are, and how many row ids they span.
SELECT file_id, min(rowid), count(*), max(rowid) - min(rowid) + 1
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id IN (SELECT unnest($file_ids::BIGINT[])) AND record IS NULL
GROUP BY file_id
