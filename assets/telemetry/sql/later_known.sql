-- At most one row: the first new file, by day and path, that holds an event which was taken in from a later delivery.
SELECT delivery_day, path
FROM known
WHERE known_day > delivery_day OR (known_day = delivery_day AND known_path > path)
ORDER BY delivery_day, path
LIMIT 1
