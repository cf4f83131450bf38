-- One row per error code and message: what kind of failure it is, and whose.
CREATE OR REPLACE TEMP TABLE failures AS
SELECT failure.error_code, failure.error_message, failure.category, failure.responsibility
FROM (
    SELECT unnest(from_json($failures, '[{
        "error_code": "VARCHAR", "error_message": "VARCHAR", "category": "VARCHAR", "responsibility": "VARCHAR"}]')) AS failure
)
