-- One row per new event whose identity an earlier new record has; the hash narrows, the text decides.
SELECT row_id
FROM (
    SELECT
        events.rowid AS row_id,
        row_number() OVER (
            PARTITION BY events.source, events.id
            ORDER BY
                new_files.delivery_day,
                new_files.path,
                coalesce(events.record, events.rowid - new_files.first_row + 1),
                events.rowid
        ) AS place
    FROM telemetry.events
    INNER JOIN new_files ON events.file_id = new_files.file_id
    WHERE
        events.file_id > $known_file
        AND events.identity IN (SELECT identity FROM repeats)
        AND events.rowid NOT IN (SELECT row_id FROM excluded)
)
WHERE place > 1
