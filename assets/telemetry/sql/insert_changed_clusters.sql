-- One row per cluster that has a line in only one of the inventories.
INSERT INTO telemetry.changed_clusters
SELECT DISTINCT cluster_id
FROM (
    (FROM telemetry.inventory EXCEPT ALL FROM previous_inventory)
    UNION ALL
    (FROM previous_inventory EXCEPT ALL FROM telemetry.inventory)
)
EXCEPT
SELECT cluster_id
FROM telemetry.changed_clusters
