-- The RFC 3339 text in a JSON string as a UTC timestamp, digits beyond microseconds cut off; NULL when it is none.
-- Most texts are in UTC with their separators in place; with a digit in front, no blank, no escape (it could hide a tab), no hour 24
-- and no point at the end, the cast has nothing left to be lenient about. The others take the slower way.
-- The session's time zone is UTC, so the last cast only drops the type's zone.
CREATE OR REPLACE TEMP MACRO moment_of(value) AS
    CASE
        WHEN
            (value LIKE '"____-__-__T__:__:__Z"' OR value LIKE '"____-__-__T__:__:__._%Z"')
            AND value >= '"0' AND value < '":'
            AND NOT contains(value, ' ')
            AND NOT contains(value, '\')
            AND value NOT LIKE '____________24%'
            AND value NOT LIKE '%.Z"'
            THEN TRY_CAST(value[2:-2] AS TIMESTAMP)
        WHEN regexp_full_match(
            value,
            '"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"')
            THEN TRY_CAST(TRY_CAST(upper(value[2:-2]) AS TIMESTAMPTZ) AS TIMESTAMP)
    END
