-- One row per operation that meets {condition} and an SLI's {total_where}: its dimensions as slices name them, and what it counts as.
SELECT
    day,
    coalesce(started_at, scheduled_at, finished_at) AS dated_at,
    coalesce(to_version, 'unknown') AS to_version,
    coalesce(to_minor, 'unknown') AS to_minor,
    region,
    workload_type,
    "trigger",
    scope,
    provider,
    {outcome} AS outcome
FROM upgrades.operations
WHERE ({condition}) AND ({total_where})
