-- One row per start-day whose operations or cells changed since the last snapshot.
SELECT day
FROM slo.unpublished_days
ORDER BY day
