-- One row per operation that has to be folded again: its events changed, or moving the state's day shows or hides some of them.
-- Of $buckets parts of the clusters only part $bucket, so that each fits into memory.
CREATE OR REPLACE TEMP TABLE refolded AS
SELECT thread_key FROM telemetry.touched
WHERE MOD(cluster_key, $buckets) = $bucket
UNION
SELECT thread_key FROM telemetry.events
WHERE delivery_day > $after AND delivery_day <= $upto AND MOD(hash(cluster_id), $buckets) = $bucket
UNION
SELECT thread_key FROM upgrades.operations
WHERE
    day IN (SELECT unnest($days_of_changed_clusters::DATE[]))
    AND cluster_id IN (SELECT cluster_id FROM telemetry.changed_clusters)
    AND MOD(hash(cluster_id), $buckets) = $bucket
