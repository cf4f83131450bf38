-- One row per staged row whose event was taken in before.
INSERT INTO excluded
SELECT DISTINCT row_id
FROM known
