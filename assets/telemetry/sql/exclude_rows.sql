-- One row per row of `staging` in $row_ids, which is no event or is staged again.
INSERT INTO excluded
SELECT unnest($row_ids::BIGINT[]), false
