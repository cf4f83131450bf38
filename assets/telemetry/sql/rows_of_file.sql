-- One row: the first row of the file in `telemetry.events`, how many it has, and how many row ids they span.
SELECT min(rowid), count(*), max(rowid) - min(rowid) + 1
FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id = $file_id
