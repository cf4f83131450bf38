-- One row per SLO, window and slice: its whole days and its parts of days together.
CREATE OR REPLACE TEMP TABLE counted AS
SELECT
    slo,
    "window",
    slice_by,
    to_version,
    to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    sum(good)::BIGINT AS good,
    sum(bad)::BIGINT AS bad,
    sum(pending)::BIGINT AS pending,
    sum(excluded)::BIGINT AS excluded
FROM counted
GROUP BY ALL
