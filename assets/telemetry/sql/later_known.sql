-- How many candidates come before an event that was taken in from a later delivery, and a file that holds one.
SELECT count(*), min(path)
FROM known
WHERE known_day > $delivery_day OR (known_day = $delivery_day AND known_path > path)
