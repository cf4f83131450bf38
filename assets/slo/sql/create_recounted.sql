-- One row per start-day that has to be counted again.
CREATE OR REPLACE TEMP TABLE recounted AS
SELECT day FROM upgrades.touched_days
UNION
SELECT day FROM upgrades.operations
WHERE day >= CAST($young_from AS DATE) AND state IN ('running', 'scheduled')
UNION
SELECT DISTINCT day FROM upgrades.operations
WHERE $everything
