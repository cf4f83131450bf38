-- One row per provider and version: the operations of one SLO that started on the days from $first_day to $report_date.
WITH judged AS (
    SELECT
        provider,
        coalesce(to_version, 'unknown') AS to_version,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE day >= $first_day AND day <= $report_date AND ({total_where})
)
SELECT
    provider,
    to_version,
    count(*) FILTER (WHERE outcome = 'good') AS good,
    count(*) FILTER (WHERE outcome = 'bad') AS bad,
    count(*) FILTER (WHERE outcome = 'pending') AS pending,
    count(*) FILTER (WHERE outcome = 'excluded') AS excluded
FROM judged
GROUP BY provider, to_version
ORDER BY provider, to_version
