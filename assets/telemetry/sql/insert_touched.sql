-- One row per thread, and date of its events, with an event on $delivery_day or, with $and_later, after it, from a file after
-- $known_file, that the fold has already seen.
INSERT INTO telemetry.touched
SELECT DISTINCT thread_key, hash(cluster_id), CAST(time AS DATE)
FROM telemetry.events
WHERE
    (delivery_day = $delivery_day OR ($and_later AND delivery_day > $delivery_day))
    AND file_id > $known_file
    AND delivery_day <= (SELECT max(day) FROM upgrades.state)
