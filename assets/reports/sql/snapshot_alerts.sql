-- The columns of one row per published report date, SLO and alert rule; the rows stand in the published files.
SELECT *
FROM slo.alerts
WHERE false
