-- An RFC 3339 text as a UTC timestamp, digits beyond microseconds cut off; NULL when it is none.
-- Most texts are in UTC with their separators in place; with a digit in front, no blank, no hour 24 and no point at the end, the
-- cast has nothing left to be lenient about. The others take the slower way. (A JSON escape could hide a tab or a line feed: such
-- times are not passed in.)
-- The session's time zone is UTC, so the last cast only drops the type's zone.
CREATE OR REPLACE TEMP MACRO moment_of(value) AS
    CASE
        WHEN
            (value LIKE '____-__-__T__:__:__Z' OR value LIKE '____-__-__T__:__:__._%Z')
            AND value >= '0' AND value < ':'
            AND NOT contains(value, ' ')
            AND value NOT LIKE '___________24%'
            AND value NOT LIKE '%.Z'
            THEN TRY_CAST(value AS TIMESTAMP)
        WHEN regexp_full_match(
            value,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])')
            THEN TRY_CAST(TRY_CAST(upper(value) AS TIMESTAMPTZ) AS TIMESTAMP)
    END
