-- One row per expectation judged for $report_date, in the order of judgement.
SELECT suite, check_name, severity, passed, observed, rule, basis
FROM reports.verdicts
WHERE report_date = $report_date
ORDER BY rowid
