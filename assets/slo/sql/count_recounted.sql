-- One row: how many days were counted again, and how many cells they have.
SELECT
    (SELECT count(*) FROM recounted),
    (SELECT count(*) FROM slo.cells WHERE day IN (SELECT day FROM recounted))
