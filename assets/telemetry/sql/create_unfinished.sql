-- One row per delivery day whose events are being taken in, or were taken back: until the intake is done they are not all there.
CREATE TABLE IF NOT EXISTS telemetry.unfinished (
    delivery_day DATE NOT NULL
)
