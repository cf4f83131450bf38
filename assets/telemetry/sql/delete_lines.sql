-- Rows of the file's lines in $lines, which the strict reader judges.
DELETE FROM telemetry.events
WHERE delivery_day = $delivery_day AND file_id = $file_id AND line IN (SELECT unnest($lines::BIGINT[]))
