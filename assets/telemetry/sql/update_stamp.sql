-- The stamp of a file that was written again with the same content.
UPDATE telemetry.files
SET stamp = $stamp
WHERE path = $path
