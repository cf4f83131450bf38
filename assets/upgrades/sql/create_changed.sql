-- One row per rebuilt operation that differs from what is stored: all that were folded again, and siblings whose place moved.
CREATE OR REPLACE TEMP TABLE changed AS
SELECT *
FROM rebuilt
WHERE
    is_refolded
    OR from_version IS DISTINCT FROM old_from_version
    OR upgrade_id IS DISTINCT FROM old_upgrade_id
    OR attempt IS DISTINCT FROM old_attempt
