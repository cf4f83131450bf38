-- One row per operation that is folded again: its key.
SELECT operation_key
FROM refolded
