-- The text of a JSON string; NULL for anything else and for the empty string.
CREATE OR REPLACE TEMP MACRO text_of(value) AS
    CASE
        WHEN value::VARCHAR >= '"' AND value::VARCHAR < '#' AND value::VARCHAR <> '""' THEN
            CASE
                WHEN contains(value::VARCHAR, '\') THEN json_extract_string(value, '$')
                ELSE (value::VARCHAR)[2:-2]
            END
    END
