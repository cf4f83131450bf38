-- The columns of one row per published report date, SLO, window and slice; the rows stand in the published files.
SELECT *
FROM slo.status
WHERE false
