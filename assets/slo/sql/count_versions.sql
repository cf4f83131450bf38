-- One row per provider and version: the operations of one SLO that started in [$start, $seen_until).
WITH judged AS (
    SELECT
        provider,
        coalesce(to_version, 'unknown') AS to_version,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE
        day BETWEEN CAST($start AS DATE) AND CAST($seen_until AS DATE)  -- days are sorted, and most need not be read
        AND coalesce(started_at, scheduled_at, finished_at) >= $start
        AND coalesce(started_at, scheduled_at, finished_at) < $seen_until
        AND ({total_where})
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
