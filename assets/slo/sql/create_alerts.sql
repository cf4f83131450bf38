-- One row per report date, SLO and alert rule, over the fleet: the counts of both windows, and whether the rule fires.
CREATE TABLE IF NOT EXISTS slo.alerts (
    report_date DATE NOT NULL,
    slo VARCHAR NOT NULL,
    condition VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    evaluation VARCHAR NOT NULL,
    long_window VARCHAR NOT NULL,
    short_window VARCHAR NOT NULL,
    threshold DOUBLE NOT NULL,
    fewest_bad BIGINT NOT NULL,
    judged_at TIMESTAMP NOT NULL,
    bad BIGINT NOT NULL,
    total BIGINT NOT NULL,
    burn_rate DOUBLE,
    short_bad BIGINT NOT NULL,
    short_total BIGINT NOT NULL,
    short_burn_rate DOUBLE,
    state VARCHAR NOT NULL,
    since DATE,
    first_at TIMESTAMP,
    firing_minutes BIGINT
)
