-- One row: the stored operations of clusters whose inventory changed, and those whose events came or went.
SELECT
    (
        SELECT count(*)
        FROM upgrades.operations
        WHERE
            day IN (SELECT unnest($days_of_changed_clusters::DATE[]))
            AND cluster_id IN (SELECT cluster_id FROM telemetry.changed_clusters)
    )
    + (SELECT count(*) FROM telemetry.touched)
