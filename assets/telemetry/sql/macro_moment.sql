-- An RFC 3339 text as a UTC timestamp, digits beyond microseconds cut off; NULL when it is none.
-- The session's time zone is UTC, so the last cast only drops the type's zone.
CREATE OR REPLACE TEMP MACRO moment_of(value) AS
    CASE
        WHEN regexp_full_match(value, '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?[Zz]')
            THEN TRY_CAST(upper(value) AS TIMESTAMP)
        WHEN regexp_full_match(value, '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?[+-]([01][0-9]|2[0-3]):[0-5][0-9]')
            THEN TRY_CAST(TRY_CAST(upper(value) AS TIMESTAMPTZ) AS TIMESTAMP)
    END
