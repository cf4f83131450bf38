-- The ledger of every file delivered by $report_date.
CREATE TABLE snapshot.telemetry.files AS
SELECT
    path,
    source,
    delivery_day,
    sha256,
    bytes,
    lines,
    blank,
    records,
    accepted,
    duplicate,
    quarantined,
    not_an_upgrade,
    events,
    status,
    error
FROM telemetry.files
WHERE delivery_day <= $report_date
ORDER BY delivery_day, path
