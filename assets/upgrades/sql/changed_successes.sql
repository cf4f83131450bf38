-- One row per success that came, went or changed, as it was and as it is: the first moment at which it makes a difference.
SELECT resource_key, finished_at
FROM replaced
WHERE state = 'succeeded'
UNION ALL
SELECT resource_key, finished_at
FROM enriched
WHERE state = 'succeeded'
