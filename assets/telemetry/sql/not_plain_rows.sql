-- The place in the file, counted from 0, of each of its staged rows that needs the strict reader.
SELECT rowid - $first_row
FROM staging
WHERE file_id = $file_id AND NOT is_plain
