-- One row: how many tables and views the new snapshot has.
SELECT
    (SELECT count(*) FROM duckdb_tables() WHERE database_name = 'snapshot')
    + (SELECT count(*) FROM duckdb_views() WHERE database_name = 'snapshot' AND NOT internal)
