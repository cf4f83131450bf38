-- An RFC 3339 text as a UTC timestamp, digits beyond microseconds cut off; NULL when it is none.
-- Most texts end in Z and have at most six digits, which `try_strptime` reads strictly; the others take the slower way.
-- The session's time zone is UTC, so the last cast only drops the type's zone.
CREATE OR REPLACE TEMP MACRO moment_of(value) AS
    coalesce(
        CASE
            WHEN value LIKE '____-__-__T__:__:__%Z'
                THEN try_strptime(value, ['%Y-%m-%dT%H:%M:%S.%fZ', '%Y-%m-%dT%H:%M:%SZ'])
        END,
        CASE
            WHEN regexp_full_match(
                value,
                '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])')
                THEN TRY_CAST(TRY_CAST(upper(value) AS TIMESTAMPTZ) AS TIMESTAMP)
        END)
