-- One row per minute of [$start, $end) in which operations of one SLO were decided: when they ended, or ran out of time.
WITH judged AS (
    SELECT
        {decided_at} AS decided_at,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE day >= $first_day AND day <= $report_date AND ({total_where})
)
SELECT
    date_diff('minute', $start::TIMESTAMP, decided_at) AS minute,
    count(*) FILTER (WHERE outcome = 'bad') AS bad,
    count(*) AS total
FROM judged
WHERE outcome IN ('good', 'bad') AND decided_at >= $start AND decided_at < $end
GROUP BY minute
ORDER BY minute
