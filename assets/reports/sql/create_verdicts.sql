-- One row per report date and expectation: whether it held, and the hash of everything it was judged on.
CREATE TABLE IF NOT EXISTS reports.verdicts (
    report_date DATE NOT NULL,
    suite VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    passed BOOLEAN NOT NULL,
    observed VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    basis VARCHAR NOT NULL
)
