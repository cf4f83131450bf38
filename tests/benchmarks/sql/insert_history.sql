-- One row per event delivered from $first_day to $last_day, three files a day, in the order of the files.
INSERT INTO telemetry.events BY NAME
SELECT
    delivery_day,
    (delivery_day - $origin::DATE) * 3 + part + 1 AS file_id,
    hash(source, id) AS identity,
    hash(cluster_id, operation_id) AS thread_key,
    time AS observed_at,
    NULL AS thread,
    0 AS flags,
    * EXCLUDE (delivery_day, part)
FROM ({history})
ORDER BY file_id
