-- One row per upgrade that an operation which is folded again belonged to or belongs to now: its attempts are numbered anew.
CREATE OR REPLACE TEMP TABLE upgrade_keys AS
SELECT upgrade_key FROM replaced
UNION
SELECT upgrade_key FROM enriched
