-- One row: the first row of `staging` that holds the file's lines, how many there are, and how many row ids they span.
SELECT min(rowid), count(*), max(rowid) - min(rowid) + 1
FROM staging
WHERE file_id = $file_id
