-- Operations that are written anew, or of which the state's day shows no event.
DELETE FROM upgrades.operations
WHERE
    day IN (SELECT day FROM replaced UNION SELECT day FROM changed)
    AND rowid IN (
        SELECT row_id FROM replaced
        UNION ALL
        SELECT row_id FROM changed WHERE row_id IS NOT NULL
    )
