-- One row per start-day that loses or gains an operation, or one of whose operations changes.
INSERT INTO upgrades.touched_days
SELECT day FROM replaced
UNION
SELECT day FROM changed
EXCEPT
SELECT day FROM upgrades.touched_days
