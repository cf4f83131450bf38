-- One row per delivery day from which on events are being taken in or taken in anew: until the intake is done, they are not all there.
CREATE TABLE IF NOT EXISTS telemetry.unfinished (
    since DATE NOT NULL
)
