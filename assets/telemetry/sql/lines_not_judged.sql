-- The number of each line of the file that the bulk reading could not judge.
SELECT rowid - $first_row + 1 AS line
FROM staging
WHERE file_id = $file_id AND NOT is_plain
