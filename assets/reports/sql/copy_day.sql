-- The rows of $day as a Parquet file; returns their number.
COPY (
{rows}
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
