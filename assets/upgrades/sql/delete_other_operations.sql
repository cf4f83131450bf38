-- Operations of threads that are folded again.
DELETE FROM upgrades.other_operations
WHERE thread_key IN (SELECT thread_key FROM refolded)
