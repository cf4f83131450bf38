-- One row per error code that is none of $known, of operations that failed in the last days: the $most most frequent, each with
-- one of its providers. `codes` and `failed_in_all` count all of them.
SELECT
    error_code,
    min(provider) AS provider,
    count(*) AS failed_count,
    count(*) OVER () AS codes,
    (sum(count(*)) OVER ())::BIGINT AS failed_in_all
FROM upgrades.operations
WHERE
    day >= $first_day AND day <= $report_date
    AND state = 'failed'
    AND error_code <> ''
    AND NOT list_contains($known, error_code)
GROUP BY error_code
ORDER BY failed_count DESC, error_code
LIMIT $most
