-- One row per operation of one SLO that started in [$start, $end) and whose time can be told.
SELECT
    scope,
    coalesce(to_version, 'unknown') AS to_version,
    region,
    workload_type,
    state,
    duration_seconds AS elapsed_seconds,
    CAST(epoch_us($as_of) - epoch_us(started_at) AS DOUBLE) / 1000000 AS age_seconds,
    state = 'succeeded' AND flags & 16 = 16 AS is_upper_bound  -- it had ended by the poll that saw it first
FROM upgrades.operations
WHERE
    day BETWEEN CAST($start AS DATE) AND CAST($end AS DATE)  -- days are sorted, and most need not be read
    AND started_at >= $start
    AND started_at < $end
    AND flags & 32 = 0  -- a roll that ended before anything can have been replaced says nothing of durations
    AND (duration_seconds IS NOT NULL OR state = 'running')
    AND ({total_where})
