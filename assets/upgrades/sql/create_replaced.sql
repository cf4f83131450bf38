-- One row per operation that is folded again, as it stood so far.
CREATE OR REPLACE TEMP TABLE replaced AS
SELECT rowid AS row_id, day, resource_key, upgrade_key, state, finished_at
FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days::DATE[]))
    AND thread_key IN (SELECT thread_key FROM refolded)
