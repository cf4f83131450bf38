-- One row per start-day whose operations changed since the last count to cells.
CREATE TABLE IF NOT EXISTS upgrades.touched_days (
    day DATE NOT NULL
)
