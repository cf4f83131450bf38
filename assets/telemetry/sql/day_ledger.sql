-- One row per file delivered on $delivery_day, the first 100 by path: its part of the ledger.
SELECT path, status, lines, blank, records, accepted, duplicate, quarantined, not_an_upgrade, events, coalesce(error, '') AS error
FROM telemetry.files
WHERE delivery_day = $delivery_day
ORDER BY path
LIMIT 100
