-- One row: of `todays`, how many have to have an operation. A provider's thread may turn out to hold other changes alone.
SELECT count(*)
FROM todays
WHERE operation_id IS NOT NULL OR thread_key NOT IN (SELECT thread_key FROM upgrades.other_operations)
