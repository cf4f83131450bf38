-- One row per start-day that the report looks at or the day's events belong to; counts of rows that break a promise.
WITH looked_at AS (
    FROM upgrades.operations
    WHERE
        day IN (SELECT unnest($days::DATE[]))
        AND (day >= $first_day OR thread_key IN (SELECT thread_key FROM todays))
),
unfolded AS (
    SELECT count(*) AS operations
    FROM todays
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM looked_at
            WHERE
                looked_at.thread_key = todays.thread_key
                AND looked_at.cluster_id = todays.cluster_id
                AND (todays.operation_id IS NULL OR looked_at.operation_id = todays.operation_id)
        )
        AND (todays.operation_id IS NOT NULL OR thread_key NOT IN (SELECT thread_key FROM upgrades.other_operations))
)
SELECT
    day,
    count(*) AS operations,
    count(*) - count(DISTINCT (cluster_id, operation_id)) AS repeated,
    count(*) FILTER (
        WHERE
        state NOT IN ('scheduled', 'running', 'succeeded', 'failed', 'cancelled', 'superseded', 'skipped')
    ) AS unknown_states,
    count(*) FILTER (
        WHERE
        (state NOT IN ('scheduled', 'running') AND finished_at IS NULL)
        OR (state = 'running' AND started_at IS NULL)
    ) AS undated_ends,
    count(*) FILTER (
        WHERE
        day <> CAST(coalesce(started_at, scheduled_at, finished_at) AS DATE)
    ) AS misdated,
    count(*) FILTER (
        WHERE
        duration_seconds < 0
        OR (duration_seconds IS NOT NULL AND (started_at IS NULL OR finished_at IS NULL))
    ) AS impossible_durations,
    count(*) FILTER (WHERE attempt < 1 OR is_first_attempt <> (attempt = 1)) AS misnumbered,
    count(*) FILTER (WHERE (responsibility = 'none') = (state = 'failed')) AS unowned_failures,
    CASE
        WHEN day >= $first_day THEN
            count(*) FILTER (WHERE state = 'running')
            - (SELECT count(*) FROM upgrades.running WHERE CAST(running.started_at AS DATE) = looked_at.day)
        ELSE 0
    END AS unlisted_running,
    (SELECT operations FROM unfolded) AS unfolded_events
FROM looked_at
GROUP BY day
ORDER BY day
