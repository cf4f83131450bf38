-- Cells of the days that are counted again; all cells when the objectives changed.
DELETE FROM slo.cells
WHERE $everything OR day IN (SELECT day FROM recounted)
