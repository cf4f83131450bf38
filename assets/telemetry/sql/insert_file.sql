-- One row of the ledger.
INSERT INTO telemetry.files VALUES (
    $file_id, $path, $source, $delivery_day, $stamp, $sha256, $bytes, $lines, $blank, $records,
    $accepted, $duplicate, $quarantined, $not_an_upgrade, $events, $status, $error
)
