-- One row per staged event that was taken in before.
INSERT INTO excluded
SELECT DISTINCT row_id, true
FROM known
