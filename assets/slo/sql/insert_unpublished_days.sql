-- One row per start-day that is counted again; what has changed on it is not published yet.
INSERT INTO slo.unpublished_days
SELECT day FROM recounted
EXCEPT
SELECT day FROM slo.unpublished_days
