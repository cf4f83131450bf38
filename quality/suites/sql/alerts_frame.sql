-- The rows of `slo.alerts` for $report_date; columns ending in _off count broken promises of the row.
WITH known AS (
    SELECT unnest($states::STRUCT(evaluation VARCHAR, state VARCHAR)[]) AS pair
),
fleets AS (
    SELECT
        slo,
        window_end,
        date_diff('day', window_start, window_end) || 'd' AS length,
        any_value(target) AS target,
        any_value(bad) AS bad,
        any_value(total) AS total
    FROM slo.status
    WHERE report_date = $report_date AND slice_by = ''
    GROUP BY slo, window_start, window_end
),
targets AS (
    SELECT slo, any_value(target) AS target
    FROM fleets
    GROUP BY slo
),
todays AS (
    SELECT
        *,
        state IN ('firing', 'would_have_fired') AS is_firing,
        CAST($report_date AS TIMESTAMP) + INTERVAL 1 DAY AS as_of
    FROM slo.alerts
    WHERE report_date = $report_date
)
SELECT
    todays.slo || ' ' || todays.condition AS judged,
    count(*) OVER (PARTITION BY todays.slo, todays.condition) - 1 AS repeated,
    CAST((todays.evaluation, todays.state) NOT IN (SELECT (pair.evaluation, pair.state) FROM known) AS INTEGER) AS state_off,
    CAST(
        todays.bad > todays.total
        OR todays.short_bad > todays.short_total
        OR (todays.burn_rate IS NULL) <> (todays.total = 0)
        OR (todays.short_burn_rate IS NULL) <> (todays.short_total = 0)
        OR coalesce(abs(todays.burn_rate - todays.bad / todays.total / (1 - targets.target)) > 1e-9, false)
        OR coalesce(abs(todays.short_burn_rate - todays.short_bad / todays.short_total / (1 - targets.target)) > 1e-9, false)
        AS INTEGER
    ) AS burn_off,
    CAST(
        todays.is_firing
        AND NOT coalesce(
            least(todays.burn_rate, todays.short_burn_rate) >= todays.threshold - 1e-9 AND todays.bad >= todays.fewest_bad, false
        ) AS INTEGER
    ) AS firing_off,
    CAST((todays.state = 'no_data') <> (least(todays.total, todays.short_total) = 0) AS INTEGER) AS no_data_off,
    CAST(
        (todays.since IS NOT NULL) <> (todays.state = 'firing')
        OR (todays.first_at IS NOT NULL) <> (todays.state = 'would_have_fired')
        OR (todays.firing_minutes IS NOT NULL) <> (todays.state = 'would_have_fired')
        OR coalesce(todays.since > $report_date, false)
        OR coalesce(todays.first_at <= $report_date OR todays.first_at > todays.as_of, false)
        OR todays.judged_at > todays.as_of AS INTEGER
    ) AS moment_off,
    coalesce(abs(todays.bad - fleets.bad) + abs(todays.total - fleets.total), 0)::BIGINT AS window_off
FROM todays
LEFT JOIN targets
    ON todays.slo = targets.slo
LEFT JOIN fleets
    ON todays.slo = fleets.slo AND todays.judged_at = fleets.window_end AND todays.long_window = fleets.length
    AND todays.evaluation = 'live'
ORDER BY todays.slo, todays.condition
