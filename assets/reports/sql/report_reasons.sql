-- One row per failure category and responsibility: failed operations that started in the last days, the median time to their failure,
-- and the $most most frequent of their error codes.
WITH failed AS (
    SELECT error_category, responsibility, error_code, duration_seconds
    FROM upgrades.operations
    WHERE day >= $first_day AND day <= $report_date AND state = 'failed'
),
codes AS (
    SELECT error_category, responsibility, error_code, count(*) AS operations
    FROM failed
    WHERE error_code <> ''
    GROUP BY error_category, responsibility, error_code
),
samples AS (
    SELECT error_category, responsibility, list(error_code ORDER BY operations DESC, error_code)[:$most] AS codes
    FROM codes
    GROUP BY error_category, responsibility
)
SELECT
    failed.error_category,
    failed.responsibility,
    count(*) AS failed_count,
    quantile_disc(failed.duration_seconds, 0.5) AS median_seconds,
    coalesce(any_value(samples.codes), []) AS codes
FROM failed
LEFT JOIN samples
    ON failed.error_category = samples.error_category AND failed.responsibility = samples.responsibility
GROUP BY failed.error_category, failed.responsibility
ORDER BY failed_count DESC, failed.error_category, failed.responsibility
