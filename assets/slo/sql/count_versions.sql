-- One row per provider and version: the operations of one SLO that started in [$start, $seen_until).
WITH judged AS (
    {judged}
)
SELECT
    provider,
    to_version,
    count(*) FILTER (WHERE outcome = 'good') AS good,
    count(*) FILTER (WHERE outcome = 'bad') AS bad,
    count(*) FILTER (WHERE outcome = 'pending') AS pending,
    count(*) FILTER (WHERE outcome = 'excluded') AS excluded
FROM judged
WHERE dated_at >= $start AND dated_at < $seen_until
GROUP BY provider, to_version
ORDER BY provider, to_version
