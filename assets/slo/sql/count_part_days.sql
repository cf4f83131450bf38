-- One row per slice of one SLO's window: its operations on the days that the window holds only a part of.
INSERT INTO counted
WITH judged AS (
    {judged}
)
SELECT
    $slo,
    $window,
    {slice_by},
    {columns},
    count(*) FILTER (WHERE outcome = 'good'),
    count(*) FILTER (WHERE outcome = 'bad'),
    count(*) FILTER (WHERE outcome = 'pending'),
    count(*) FILTER (WHERE outcome = 'excluded')
FROM judged
WHERE dated_at >= $start AND dated_at < $seen_until
GROUP BY {grouping_sets}
