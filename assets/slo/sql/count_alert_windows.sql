-- One row per window of one SLO's live alert rules and day at whose end it is looked at: the fleet's decided operations that started
-- in it. Whole days are summed from the cells; what a window holds of one day more comes from the operations, minute by minute.
WITH judged AS (
    {judged}
),
windows AS (
    SELECT
        asked.rule,
        asked.is_short,
        asked.newest - to_days(CAST(back.days AS INTEGER)) AS ends_at,
        ends_at - to_days(asked.whole_days) AS days_from,
        days_from - to_minutes(asked.more_minutes) AS starts_at
    FROM (
        SELECT unnest($windows::STRUCT(
            rule INTEGER, is_short BOOLEAN, newest TIMESTAMP, whole_days INTEGER, more_minutes INTEGER
        )[]) AS asked
    )
    CROSS JOIN range($days_looked_at) AS back(days)
),
minutes AS (
    SELECT
        date_trunc('minute', dated_at) AS minute,
        count(*) FILTER (WHERE outcome = 'bad') AS bad,
        count(*) AS total
    FROM judged
    WHERE outcome IN ('good', 'bad')
    GROUP BY minute
),
days AS (
    SELECT
        CAST(day AS TIMESTAMP) AS day,
        sum(bad) AS bad,
        sum(good + bad) AS total
    FROM slo.cells
    WHERE slo = $slo AND slice_by = $grain AND day >= $first_day AND day <= $report_date
    GROUP BY day
),
counted AS (
    SELECT windows.*, days.bad, days.total
    FROM windows
    INNER JOIN days
        ON days.day >= windows.days_from AND days.day < windows.ends_at
    UNION ALL
    SELECT windows.*, minutes.bad, minutes.total
    FROM windows
    INNER JOIN minutes
        ON minutes.minute >= windows.starts_at AND minutes.minute < windows.days_from
)
SELECT
    windows.rule,
    windows.is_short,
    windows.ends_at,
    coalesce(sum(counted.bad), 0)::BIGINT AS bad,
    coalesce(sum(counted.total), 0)::BIGINT AS total
FROM windows
LEFT JOIN counted
    ON windows.rule = counted.rule AND windows.is_short = counted.is_short AND windows.ends_at = counted.ends_at
GROUP BY windows.rule, windows.is_short, windows.ends_at
ORDER BY windows.rule, windows.is_short, windows.ends_at
