-- One row per published report date, SLO, window and slice, as published; filled day by day from the published files.
CREATE TABLE snapshot.slo.status AS
SELECT *
FROM slo.status
WHERE false
