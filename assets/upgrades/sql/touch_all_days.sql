-- One row per start-day: all of them are to be counted again.
INSERT INTO upgrades.touched_days
SELECT DISTINCT day FROM upgrades.operations
EXCEPT
SELECT day FROM upgrades.touched_days
