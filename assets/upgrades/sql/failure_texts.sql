-- One row per error code and message of a failed operation among the folded ones.
SELECT DISTINCT error_code, error_message
FROM enriched
WHERE state = 'failed'
