-- One row per row of `staging` in $row_ids, whose line the strict reader judges.
INSERT INTO excluded
SELECT unnest($row_ids::BIGINT[])
