-- New events whose identity an earlier line of the same delivery day has; the hash narrows, the text decides.
DELETE FROM telemetry.events
WHERE
    delivery_day = $delivery_day
    AND file_id > $last_known
    AND rowid IN (
        SELECT row_id
        FROM (
            SELECT
                rowid AS row_id,
                row_number() OVER (PARTITION BY source, id ORDER BY file_id, line, rowid) AS place
            FROM telemetry.events
            WHERE
                delivery_day = $delivery_day
                AND file_id > $last_known
                AND identity IN (
                    SELECT identity
                    FROM telemetry.events
                    WHERE delivery_day = $delivery_day AND file_id > $last_known
                    GROUP BY identity
                    HAVING count(*) > 1
                )
        )
        WHERE place > 1
    )
