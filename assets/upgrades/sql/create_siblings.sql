-- One row per stored operation that one which is folded again bears on: an attempt of the same upgrade, or one whose version before
-- may have to be carried from another success.
CREATE OR REPLACE TEMP TABLE siblings AS
SELECT rowid AS row_id, operations.*, true AS is_numbered
FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days_of_attempts::DATE[]))
    AND upgrade_key IN (SELECT upgrade_key FROM upgrade_keys)
    AND thread_key NOT IN (SELECT thread_key FROM refolded)
UNION ALL
SELECT rowid AS row_id, operations.*, false AS is_numbered
FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days_of_receivers::DATE[]))
    AND resource_key IN (SELECT resource_key FROM receiving_resources)
    AND given_from_version IS NULL
    AND started_at IS NOT NULL
    AND upgrade_key NOT IN (SELECT upgrade_key FROM upgrade_keys)
    AND thread_key NOT IN (SELECT thread_key FROM refolded)
