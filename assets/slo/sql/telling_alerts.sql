-- One row per alert rule that fires, no longer does, would have fired, or cannot be looked at.
SELECT
    slo,
    condition,
    severity,
    evaluation,
    state,
    since,
    first_at,
    threshold,
    burn_rate,
    short_burn_rate,
    bad,
    total
FROM slo.alerts
WHERE report_date = $report_date AND state <> 'quiet'
ORDER BY slo, condition
