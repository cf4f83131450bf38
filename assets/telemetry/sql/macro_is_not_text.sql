-- Whether a JSON value is there and is no string.
CREATE OR REPLACE TEMP MACRO is_not_text(value) AS
    value::VARCHAR < '"' OR value::VARCHAR >= '#'
