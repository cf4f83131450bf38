-- One row per start-day that has operations or cells.
SELECT day FROM upgrades.operations
UNION
SELECT day FROM slo.cells
ORDER BY day
