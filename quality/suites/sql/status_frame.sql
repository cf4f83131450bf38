-- The rows of `slo.status` for $report_date; columns ending in _off count broken promises of the row or its slicing.
WITH todays AS (
    SELECT *
    FROM slo.status
    WHERE report_date = $report_date
),
own_windows AS (
    SELECT own.slo, own."window", own.window_end
    FROM (SELECT unnest($own_windows::STRUCT(slo VARCHAR, "window" VARCHAR, window_end TIMESTAMP)[]) AS own)
),
fleets AS (
    SELECT slo, "window", good, bad, pending, excluded
    FROM todays
    WHERE slice_by = ''
),
slicings AS (
    SELECT
        todays.slo,
        todays."window",
        todays.slice_by,
        abs(sum(todays.good) - max(fleets.good)) + abs(sum(todays.bad) - max(fleets.bad))
        + abs(sum(todays.pending) - max(fleets.pending)) + abs(sum(todays.excluded) - max(fleets.excluded)) AS slices_off
    FROM todays
    LEFT JOIN fleets
        ON todays.slo = fleets.slo AND todays."window" = fleets."window"
    GROUP BY todays.slo, todays."window", todays.slice_by
)
SELECT
    todays.slo,
    todays."window",
    todays.slice_by,
    CASE WHEN todays.slice_by = '' THEN todays.slo || ' ' || todays."window" END AS fleet_of,
    todays.verdict,
    count(*) OVER (
        PARTITION BY
            todays.slo, todays."window", todays.slice_by, todays.to_version, todays.to_minor, todays.region,
            todays.workload_type, todays."trigger", todays.scope, todays.provider
    ) - 1 AS repeated,
    abs(todays.total - todays.good - todays.bad) AS total_off,
    CAST(
        (todays.sli IS NULL) <> (todays.total = 0)
        OR coalesce(abs(todays.sli - todays.good / nullif(todays.total, 0)) > 1e-12, false)
        AND NOT list_contains($of_ratios::VARCHAR[], todays.slo) AS INTEGER
    ) AS sli_off,
    CAST(
        NOT coalesce(
            0 <= todays.sli_low AND todays.sli_low <= todays.sli + 1e-12
            AND todays.sli <= todays.sli_high + 1e-12 AND todays.sli_high <= 1,
            todays.sli IS NULL AND todays.sli_low IS NULL AND todays.sli_high IS NULL) AS INTEGER
    ) AS interval_off,
    CAST(
        (todays.verdict = 'no_data') <> (todays.total = 0)
        OR (todays.verdict = 'met' AND todays.sli < todays.target)
        OR (todays.verdict = 'missed' AND todays.sli > todays.target) AS INTEGER
    ) AS verdict_off,
    CASE  -- a time slice of the fleet is one of each of its parts, too
        WHEN list_contains($of_slices::VARCHAR[], todays.slo) THEN 0
        ELSE coalesce(slicings.slices_off, 1)::BIGINT
    END AS slices_off,
    CAST(
        todays.window_end <> coalesce(own_windows.window_end, CAST($report_date AS TIMESTAMP) + INTERVAL 1 DAY) AS INTEGER
    ) AS window_off,
    CAST(
        todays.budget_spent <> todays.bad AND NOT list_contains($of_ratios::VARCHAR[], todays.slo)
        OR (todays.budget_spent > 0) <> (todays.bad > 0)
        OR (todays.budget_remaining IS NULL) <> (todays.budget_allowed = 0) AS INTEGER
    ) AS budget_off
FROM todays
LEFT JOIN slicings
    ON todays.slo = slicings.slo AND todays."window" = slicings."window" AND todays.slice_by = slicings.slice_by
LEFT JOIN own_windows
    ON todays.slo = own_windows.slo AND todays."window" = own_windows."window"
ORDER BY todays.slo, todays."window", todays.slice_by
