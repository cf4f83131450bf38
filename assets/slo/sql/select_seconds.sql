-- One row per operation of one threshold SLO that started in [$start, $end) and whose time is told, its dimensions as numbers of
-- their types' values.
-- TRY_CAST, since DuckDB casts each entry of a column's dictionary once then; CAST takes every row (three times the time).
SELECT
    CAST(CAST($report_date AS DATE) - day AS USMALLINT) AS age_days,
    coalesce(enum_code(TRY_CAST(to_version AS to_version_value)), enum_code(CAST('unknown' AS to_version_value))) AS to_version,
    coalesce(enum_code(TRY_CAST(to_minor AS to_minor_value)), enum_code(CAST('unknown' AS to_minor_value))) AS to_minor,
    enum_code(TRY_CAST(region AS region_value)) AS region,
    enum_code(TRY_CAST(workload_type AS workload_type_value)) AS workload_type,
    enum_code(TRY_CAST("trigger" AS trigger_value)) AS "trigger",
    enum_code(TRY_CAST(scope AS scope_value)) AS scope,
    enum_code(TRY_CAST(provider AS provider_value)) AS provider,
    {seconds} AS seconds
FROM upgrades.operations
WHERE
    day BETWEEN CAST($start AS DATE) AND CAST($end AS DATE)  -- days are sorted, and most need not be read
    AND started_at >= $start
    AND started_at < $end
    AND ({whose})
    AND ({total_where})
