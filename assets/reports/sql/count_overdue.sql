-- One row: how many operations still run and started before $started_before.
SELECT count(*)
FROM upgrades.running
WHERE started_at < $started_before
