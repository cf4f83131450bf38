-- One row per window and slice of one SLO whose budget is one of time slices; a time slice lasts $slice_us microseconds.
INSERT INTO counted
WITH operations AS (
    {judged}
),
judged AS (
    SELECT
        operations.*,
        status_windows."window",
        (epoch_us(dated_at) - epoch_us(window_start)) // $slice_us AS time_slice
    FROM operations
    INNER JOIN status_windows
        ON dated_at >= window_start
        AND dated_at < seen_until
    WHERE slo = $slo
),
time_slices AS (
    SELECT
        "window",
        {slice_by} AS slice_by,
        {columns},
        count(*) FILTER (WHERE outcome = 'good') AS good,
        count(*) FILTER (WHERE outcome = 'bad') AS bad,
        count(*) FILTER (WHERE outcome = 'pending') AS pending,
        count(*) FILTER (WHERE outcome = 'excluded') AS excluded,
        good / nullif(good + bad, 0) AS ratio
    FROM judged
    GROUP BY {grouping_sets}
)
SELECT
    $slo,
    "window",
    slice_by,
    to_version,
    to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    {counts}
FROM time_slices
GROUP BY ALL
