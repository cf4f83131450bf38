-- Rows of a delivery day whose intake was interrupted, in {table}: the ledger does not know their files.
DELETE FROM telemetry.{table}
WHERE file_id > (SELECT coalesce(max(file_id), 0) FROM telemetry.files)
