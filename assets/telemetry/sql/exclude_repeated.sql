-- One row per staged row whose identity an earlier line of the same delivery day has; the hash narrows, the text decides.
INSERT INTO excluded
SELECT row_id
FROM (
    SELECT
        row_id,
        row_number() OVER (PARTITION BY source, id ORDER BY path, line, row_id) AS place
    FROM candidates
    WHERE identity IN (SELECT identity FROM staging WHERE is_plain GROUP BY identity HAVING count(*) > 1)
)
WHERE place > 1
