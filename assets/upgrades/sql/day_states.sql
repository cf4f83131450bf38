-- One row per scope and state: operations of one start-day.
SELECT scope, state, count(*) AS operations, count(*) FILTER (WHERE NOT is_first_attempt) AS retries
FROM upgrades.operations
WHERE day = $day
GROUP BY scope, state
ORDER BY scope, operations DESC, state
