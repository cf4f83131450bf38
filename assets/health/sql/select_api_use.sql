-- One row per set of API features seen in use and minor to be upgraded to: operations of the last days that are good or bad.
WITH judged AS (
    SELECT
        coalesce(api_features, []) AS features,
        to_minor,
        {outcome} AS outcome
    FROM upgrades.operations
    WHERE day >= $first_day AND day <= $report_date
)
SELECT
    features,
    to_minor,
    count(*) FILTER (WHERE outcome = 'bad') AS bad,
    count(*) AS total
FROM judged
WHERE outcome IN ('good', 'bad')
GROUP BY features, to_minor
ORDER BY features, to_minor
