-- One row per staged event whose identity an earlier line of the same delivery day has; the hash narrows, the text decides.
INSERT INTO excluded
SELECT row_id, true
FROM candidates
WHERE identity IN (SELECT identity FROM staging WHERE is_plain GROUP BY identity HAVING count(*) > 1)
QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY path, line, row_id) > 1
