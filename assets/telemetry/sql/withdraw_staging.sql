-- Staged rows of a file that could not be read to its end.
INSERT INTO excluded
SELECT rowid
FROM staging
WHERE file_id = $file_id
