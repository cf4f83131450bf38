-- One row per file: its records with an event among the candidates, and those events.
SELECT
    file_id,
    count(DISTINCT line) AS records,
    count(*) AS events
FROM candidates
GROUP BY file_id
