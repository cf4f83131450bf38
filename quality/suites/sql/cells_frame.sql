-- One row per SLO and start-day that has cells or ought to.
WITH expected AS (
    {totals}
),
grains AS (
    SELECT
        slo,
        day,
        slice_by,
        sum(good) AS good,
        sum(bad) AS bad,
        sum(pending) AS pending,
        sum(excluded) AS excluded,
        count(*) FILTER (WHERE least(good, bad, pending, excluded) < 0) AS negative_counts,
        count(*) - count(DISTINCT (to_version, to_minor, region, workload_type, "trigger", scope, provider)) AS repeated
    FROM slo.cells
    WHERE day >= $first_day AND day <= $report_date
    GROUP BY slo, day, slice_by
),
days AS (
    SELECT
        slo,
        day,
        max(good) - min(good) + max(bad) - min(bad)
        + max(pending) - min(pending) + max(excluded) - min(excluded) AS slicings_off,
        sum(negative_counts) AS negative_counts,
        sum(repeated) AS repeated,
        max(good + bad + pending + excluded) AS operations
    FROM grains
    GROUP BY slo, day
)
SELECT
    coalesce(days.slo, expected.slo) AS slo,
    days.slo AS counted_slo,
    coalesce(days.day, expected.day) AS day,
    coalesce(days.slicings_off, 0)::BIGINT AS slicings_off,
    coalesce(days.negative_counts, 0)::BIGINT AS negative_counts,
    coalesce(days.repeated, 0)::BIGINT AS repeated,
    CASE
        WHEN coalesce(days.day, expected.day) >= $recounted_from
            THEN abs(coalesce(days.operations, 0) - coalesce(expected.operations, 0))
        ELSE 0
    END::BIGINT AS miscounted
FROM days
FULL JOIN expected
    ON days.slo = expected.slo AND days.day = expected.day
ORDER BY slo, day
