-- One row per start-day and slice of one SLO, for the days that are counted again, in order of day.
INSERT INTO slo.cells
WITH judged AS (
    {judged}
)
SELECT
    day,
    $slo,
    {slice_by},
    {columns},
    count(*) FILTER (WHERE outcome = 'good'),
    count(*) FILTER (WHERE outcome = 'bad'),
    count(*) FILTER (WHERE outcome = 'pending'),
    count(*) FILTER (WHERE outcome = 'excluded')
FROM judged
GROUP BY {grouping_sets}
ORDER BY day
