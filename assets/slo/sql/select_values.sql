-- One row: the values of every dimension, each where its number in `select_seconds.sql` says.
SELECT
    enum_range(CAST(NULL AS to_version_value)) AS to_version,
    enum_range(CAST(NULL AS to_minor_value)) AS to_minor,
    enum_range(CAST(NULL AS region_value)) AS region,
    enum_range(CAST(NULL AS workload_type_value)) AS workload_type,
    enum_range(CAST(NULL AS trigger_value)) AS "trigger",
    enum_range(CAST(NULL AS scope_value)) AS scope,
    enum_range(CAST(NULL AS provider_value)) AS provider
